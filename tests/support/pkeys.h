/**
   @file pkeys.h
   Protection keys for machines that have none: the functions of the C library, by mprotect(). A
   page is writable while any thread may write by its key. One key at a time.
*/
#ifndef WX_TEST_PKEYS_H
#define WX_TEST_PKEYS_H

/// Links the functions in. (Nothing is to be called; those of the C library are replaced.)
void wx_test_pkeys(void);

#endif
