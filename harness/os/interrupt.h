/**
   @file interrupt.h
   Being told to end (SIGINT, SIGTERM, SIGHUP) by a program that has something to write first.

   The first such signal is remembered and nothing else; a second one of its kind ends the process
   as usual. A signal that was ignored stays ignored. Forked children inherit all of it, executed
   programs nothing.
*/
#ifndef WX_OS_INTERRUPT_H
#define WX_OS_INTERRUPT_H

/// From now on signals are remembered. Returns 0 or a negative errno.
int wx_os_interrupt_begin(void);

/// The signal that told this process to end; 0 where none did.
int wx_os_interrupted(void);

/// A descriptor that is readable once a signal has come, to be polled and not read; -1 before
/// wx_os_interrupt_begin(), which poll() passes over.
int wx_os_interrupt_fd(void);

/// Ends the process by the signal that it was told to end by, as if it had not waited, so that
/// whoever started it sees that; returns where there was none.
void wx_os_interrupt_end(void);

#endif
