#include "scenario/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

WxGroup *wx_play_group(WxPlay *play, const char *name) {
  for (size_t i = 0; i < play->group_count; ++i)
    if (strcmp(play->groups[i].name, name) == 0)
      return &play->groups[i];
  WxGroup *grown = realloc(play->groups, (play->group_count + 1) * sizeof *grown);
  if (!grown)
    return NULL;
  play->groups = grown;
  WxGroup *group = &grown[play->group_count++];
  *group = (WxGroup){0};
  snprintf(group->name, sizeof group->name, "%s", name);
  return group;
}

int wx_play_release(WxPlay *play, WxGroup *group, size_t index) {
  WxPlayBlock *block = &group->blocks[index];
  const int result = wx_allocator_release(play->allocator, block->base);
  if (result)
    return result;
  play->live_bytes -= block->written;
  play->reserved_bytes -= block->size;
  *block = group->blocks[--group->count];
  return 0;
}
