/**
   @file bystander.h
   A child process that does nothing, or nothing any more.
*/
#ifndef TESTS_SUPPORT_BYSTANDER_H
#define TESTS_SUPPORT_BYSTANDER_H

#include <sys/types.h>

/// Waits for ever, and ends with the process that it was forked by.
_Noreturn void wx_bystander_wait(void);

/// Starts a child that calls `prepare` and then waits; returns once it has. `prepare` may assert.
pid_t wx_bystander_start(void (*prepare)(void));

/// Kills a child and reaps it.
void wx_bystander_end(pid_t pid);

#endif
