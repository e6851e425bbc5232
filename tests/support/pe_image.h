/**
   @file pe_image.h
   The smallest managed PE image that has a name and a version.
*/
#ifndef TESTS_SUPPORT_PE_IMAGE_H
#define TESTS_SUPPORT_PE_IMAGE_H

#include <stddef.h>

enum { WX_TEST_IMAGE = 0x400, WX_TEST_IMAGE_LOADED = 0x3000 };

/// Builds the image of assembly "Plugin", version 1.2.3.4, as it stands in a file (`mapped` 0,
/// WX_TEST_IMAGE bytes) or as it is loaded (WX_TEST_IMAGE_LOADED bytes).
void wx_test_image(unsigned char *image, int mapped);

#endif
