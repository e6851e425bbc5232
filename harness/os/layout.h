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

/// The program that this process executes next gets the address space of any other: not
/// randomised, placed downwards, the stack's limit the usual one. For between fork and exec; what
/// the kernel or a container refuses is left as it is.
void wx_os_fix_next_layout(void);

/// Closes the gaps between this process's libraries with mappings that nothing can use, so that
/// what is mapped from here on lies below all of them, whichever libraries there are: a block in a
/// gap would merge with no other. For a process that ends soon; what cannot be closed stays open.
void wx_os_close_gaps(void);

#endif
