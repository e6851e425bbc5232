#include "scenario/block_actions.h"

#include "codegen/codegen.h"
#include "os/os.h"
#include "os/process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SMALL_FUNCTION = 512 };

// Whether a function of so many bytes can be generated here; where none can, generating says so.
static int check_code(uint64_t code, char *problem) {
  const WxCodegenTarget *target = wx_codegen_host();
  if (!target || (code >= target->smallest && code % target->granularity == 0))
    return 0;
  snprintf(problem, WX_PROBLEM_SIZE, "%llu bytes of code: expected a multiple of %zu, at least %zu",
           (unsigned long long)code, target->granularity, target->smallest);
  return -EINVAL;
}

int wx_block_plan(const WxAction *action, WxPlay *play, WxBlockPlan *plan) {
  uint64_t count, size, grow = 0, code = SMALL_FUNCTION;
  char *problem = play->report->problem;
  int result = wx_parameters_quantity(play->parameters, action->count, &count, problem);
  if (result == 0)
    result = wx_parameters_quantity(play->parameters, action->size, &size, problem);
  if (result == 0 && action->grow)
    result = wx_parameters_quantity(play->parameters, action->grow, &grow, problem);
  if (result == 0 && action->code)
    result = wx_parameters_quantity(play->parameters, action->code, &code, problem);
  if (result == 0)
    result = check_code(code, problem);
  if (result)
    return result;
  if (__builtin_mul_overflow(grow, play->round - 1, &grow) ||
      __builtin_add_overflow(size, grow, &size))
    size = 0;
  if (size == 0 || size % wx_os_page_size() || code > size) {
    snprintf(problem, WX_PROBLEM_SIZE,
             "a block of %llu bytes with %llu bytes of code: expected whole pages, "
             "and no more code than block",
             (unsigned long long)size, (unsigned long long)code);
    return -EINVAL;
  }
  WxGroup *group = wx_play_group(play, action->group);
  if (!group)
    return -ENOMEM;
  *plan = (WxBlockPlan){group, (size_t)count, (size_t)size, (size_t)code};
  return 0;
}

static int make_room(WxGroup *group, size_t count) {
  if (count <= group->capacity - group->count)
    return 0;
  size_t capacity;
  if (__builtin_add_overflow(group->count, count, &capacity))
    return -ENOMEM;
  WxPlayBlock *grown = reallocarray(group->blocks, capacity, sizeof *grown);
  if (!grown)
    return -ENOMEM;
  group->blocks = grown;
  group->capacity = capacity;
  return 0;
}

static int reserve_one(WxPlay *play, const WxBlockPlan *plan, WxPlayBlock **reserved) {
  void *base;
  const int result = wx_allocator_reserve(play->allocator, plan->size, WX_ANYWHERE, &base);
  if (result)
    return result;
  WxPlayBlock *block = &plan->group->blocks[plan->group->count++];
  *block = (WxPlayBlock){.base = base, .size = plan->size};
  play->reserved_bytes += plan->size;
  *reserved = block;
  return 0;
}

int wx_blocks_reserve(WxPlay *play, const WxBlockPlan *plan) {
  int result = make_room(plan->group, plan->count);
  for (size_t i = 0; i < plan->count && result == 0; ++i) {
    WxPlayBlock *block;
    result = reserve_one(play, plan, &block);
  }
  return result;
}

// Writes function `identity` over the whole of the block's code, and runs it.
static int write_function(WxPlay *play, WxPlayBlock *block) {
  void *view;
  int result = wx_allocator_map_rw(play->allocator, block->base, block->code, true, &view);
  if (result)
    return result;
  block->identity = ++play->identity;
  result = wx_codegen_emit(view, block->code, block->identity);
  const int unmapped = wx_allocator_unmap_rw(play->allocator, view);
  if (result || unmapped)
    return result ? result : unmapped;
  wx_codegen_flush(block->base, block->code);
  return wx_codegen_check(block->base, block->code, block->identity);
}

static int generate_one(WxPlay *play, const WxBlockPlan *plan) {
  WxPlayBlock *block;
  int result = reserve_one(play, plan, &block);
  if (result)
    return result;
  const size_t pages = wx_round_up(plan->code, wx_os_page_size());
  result = wx_allocator_commit(play->allocator, block->base, pages, true);
  if (result)
    return result;
  block->code = plan->code;
  block->written = pages;
  play->live_bytes += pages;
  return write_function(play, block);
}

int wx_blocks_generate(WxPlay *play, const WxBlockPlan *plan) {
  int result = make_room(plan->group, plan->count);
  for (size_t i = 0; i < plan->count && result == 0; ++i)
    result = generate_one(play, plan);
  return result;
}

static int write_byte(WxPlay *play, WxPlayBlock *block, char *at) {
  void *view;
  int result = wx_allocator_map_rw(play->allocator, at, 1, false, &view);
  if (result)
    return result;
  *(char *)view = 1;
  result = wx_allocator_unmap_rw(play->allocator, view);
  if (result == 0 && *at != 1)
    result = -EILSEQ;
  block->written += wx_os_page_size();
  play->live_bytes += wx_os_page_size();
  return result;
}

static int interleave_block(WxPlay *play, WxPlayBlock *block, size_t stride) {
  for (size_t at = 0; at + stride <= block->size; at += stride) {
    const bool executable = at / stride % 2 == 0;
    int result = wx_allocator_commit(play->allocator, block->base + at, stride, executable);
    if (result == 0 && executable)
      result = write_byte(play, block, block->base + at);
    if (result)
      return result;
  }
  return 0;
}

int wx_blocks_interleave(WxPlay *play, const char *name, size_t stride) {
  WxGroup *group = wx_play_group(play, name);
  if (!group)
    return -ENOMEM;
  if (stride == 0 || stride % wx_os_page_size()) {
    snprintf(play->report->problem, WX_PROBLEM_SIZE, "pages of %zu bytes: expected whole pages",
             stride);
    return -EINVAL;
  }
  for (size_t i = 0; i < group->count; ++i) {
    const int result =
        group->blocks[i].written ? 0 : interleave_block(play, &group->blocks[i], stride);
    if (result) { // At the limit of mappings nothing works any more: make room again.
      (void)wx_play_release(play, group, i);
      return result;
    }
  }
  return 0;
}

int wx_blocks_rewrite(WxPlay *play, const char *name) {
  WxGroup *group = wx_play_group(play, name);
  int result = group ? 0 : -ENOMEM;
  for (size_t i = 0; result == 0 && i < group->count; ++i)
    if (group->blocks[i].code)
      result = write_function(play, &group->blocks[i]);
  return result;
}

int wx_blocks_fork(WxPlay *play, const char *name) {
  const uint64_t faults = wx_os_minor_faults();
  const pid_t child = fork();
  if (child < 0)
    return -errno;
  if (child == 0)
    _exit(wx_blocks_rewrite(play, name) ? 1 : 0);
  if (play->steady)
    wx_os_steady_again(play->steady);
  play->own_faults += wx_os_minor_faults() - faults;
  int status;
  if (waitpid(child, &status, 0) < 0)
    return -errno;
  return status == 0 ? 0 : -EIO;
}

int wx_blocks_call(WxPlay *play, const char *name) {
  WxGroup *group = wx_play_group(play, name);
  int result = group ? 0 : -ENOMEM;
  for (size_t i = 0; result == 0 && i < group->count; ++i) {
    const WxPlayBlock *block = &group->blocks[i];
    if (block->code)
      result = wx_codegen_check(block->base, block->code, block->identity);
  }
  return result;
}

static int release_newest(WxPlay *play, WxGroup *group) {
  int result = 0;
  while (group->count && result == 0)
    result = wx_play_release(play, group, group->count - 1);
  return result;
}

// Puts the blocks in reverse order, so that releasing from the end begins with the oldest.
static void reverse(WxGroup *group) {
  for (size_t i = 0; i < group->count / 2; ++i) {
    const WxPlayBlock other = group->blocks[group->count - 1 - i];
    group->blocks[group->count - 1 - i] = group->blocks[i];
    group->blocks[i] = other;
  }
}

static int release_oldest(WxPlay *play, WxGroup *group) {
  reverse(group);
  return release_newest(play, group);
}

static int release_every_second(WxPlay *play, WxGroup *group) {
  int result = 0;
  for (size_t i = group->count; i >= 2 && result == 0; i -= 2)
    result = wx_play_release(play, group, i - 1);
  return result;
}

static const struct {
  const char *name;
  int (*release)(WxPlay *play, WxGroup *group);
} orders[] = {
    {"oldest", release_oldest},
    {"newest", release_newest},
    {"every-second", release_every_second},
};

const char *wx_blocks_order(size_t index) {
  return index < sizeof orders / sizeof *orders ? orders[index].name : NULL;
}

int wx_blocks_release(WxPlay *play, const char *name, const char *order) {
  WxGroup *group = wx_play_group(play, name);
  if (!group)
    return -ENOMEM;
  for (size_t i = 0; order && i < sizeof orders / sizeof *orders; ++i)
    if (strcmp(orders[i].name, order) == 0)
      return orders[i].release(play, group);
  return release_oldest(play, group);
}
