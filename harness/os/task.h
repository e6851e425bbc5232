/**
   @file task.h
   Work that is done in a thread of its own beside that of the caller.
*/
#ifndef WX_OS_TASK_H
#define WX_OS_TASK_H

#include <pthread.h>
#include <stdbool.h>

/// Filled by wx_task_start(); must stay where it is until wx_task_finish().
typedef struct {
  void (*run)(void *context);
  void *context;
  bool started;
  pthread_t thread;
} WxTask;

/// Starts `work(context)`.
void wx_task_start(WxTask *task, void (*work)(void *context), void *context);

/// Returns when it is done. Where no thread could be started, it is done here and now.
void wx_task_finish(WxTask *task);

#endif
