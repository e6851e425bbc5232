/**
   @file layout.h
   The same addresses in every run.

   Where the kernel places mappings decides which of them merge, so the number of mappings varies by
   a few with address randomisation, and page faults with it. What is compared exactly must not.
*/
#ifndef WX_OS_LAYOUT_H
#define WX_OS_LAYOUT_H

/// Starts this program again, with the same arguments and without address randomisation, unless it
/// has been. Returns only where it is off already, or cannot be turned off (a container may forbid
/// it): then counts may vary by a few.
void wx_os_fix_layout(char *const argv[]);

#endif
