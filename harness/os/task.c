#include "os/task.h"

#include <stddef.h>

static void *run(void *context) {
  const WxTask *task = context;
  task->run(task->context);
  return NULL;
}

void wx_task_start(WxTask *task, void (*work)(void *context), void *context) {
  *task = (WxTask){.run = work, .context = context};
  task->started = !pthread_create(&task->thread, NULL, run, task);
}

void wx_task_finish(WxTask *task) {
  if (task->started)
    pthread_join(task->thread, NULL);
  else
    task->run(task->context);
}
