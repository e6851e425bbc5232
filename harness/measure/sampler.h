/**
   @file sampler.h
   A thread that takes a sample of a process again and again until it is stopped.
*/
#ifndef WX_MEASURE_SAMPLER_H
#define WX_MEASURE_SAMPLER_H

#include "measure/snapshot.h"

#include <stddef.h>
#include <stdint.h>

typedef struct WxSampler WxSampler;

/// Starts a thread that takes a sample at once and then every `interval_ns` nanoseconds (a sample
/// that takes longer delays the next, none is made up for). The last `capacity` > 0 samples are
/// kept; their memory is there from the beginning. The caller ends with wx_sampler_free().
int wx_sampler_start(WxSampler **started, const WxObserverOptions *options, uint64_t interval_ns,
                     size_t capacity);

/// Waits until `count` samples have been taken or the sampler has ended by itself. Returns the
/// number taken.
uint64_t wx_sampler_wait(WxSampler *sampler, uint64_t count);

/// Stops the thread and waits for it. Returns 0, or why it had ended before: -ESRCH where the
/// process has ended. May be called twice.
int wx_sampler_stop(WxSampler *sampler);

/// How many samples were taken in all. After wx_sampler_stop() only, as the next two.
uint64_t wx_sampler_taken(const WxSampler *sampler);

/// How many samples are kept: `taken`, or the capacity where that is less.
size_t wx_sampler_count(const WxSampler *sampler);

/// The sample number `index` of those kept, 0 the oldest.
const WxSnapshot *wx_sampler_at(const WxSampler *sampler, size_t index);

/// Stops and frees; allowed on NULL.
void wx_sampler_free(WxSampler *sampler);

#endif
