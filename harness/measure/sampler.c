#include "measure/sampler.h"

#include "os/process.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

enum { NANOSECONDS_PER_SECOND = 1000000000 };

struct WxSampler {
  WxObserver *observer;
  uint64_t interval_ns;
  size_t capacity;
  WxSnapshot *ring;
  pthread_t thread;
  pthread_mutex_t mutex; ///< Guards all that follows, and `ring`.
  pthread_cond_t changed;
  uint64_t taken;
  int result; ///< Of the last sample.
  bool stopping;
  bool ended;
  bool joined; ///< Of the caller's side only.
};

static struct timespec time_at(uint64_t ns) {
  return (struct timespec){(time_t)(ns / NANOSECONDS_PER_SECOND),
                           (long)(ns % NANOSECONDS_PER_SECOND)};
}

// Waits until `due_ns` or until told to stop, with the mutex held.
static void wait_until(WxSampler *sampler, uint64_t due_ns) {
  const struct timespec due = time_at(due_ns);
  int timed_out = 0;
  while (!sampler->stopping && !timed_out)
    timed_out = pthread_cond_timedwait(&sampler->changed, &sampler->mutex, &due);
}

static void *sample(void *context) {
  WxSampler *sampler = context;
  (void)pthread_mutex_lock(&sampler->mutex);
  while (!sampler->stopping && !sampler->result) {
    (void)pthread_mutex_unlock(&sampler->mutex);
    WxSnapshot snapshot;
    const uint64_t due_ns = wx_os_now_ns() + sampler->interval_ns;
    const int result = wx_observer_take(sampler->observer, &snapshot);
    (void)pthread_mutex_lock(&sampler->mutex);
    sampler->result = result;
    if (!result)
      sampler->ring[sampler->taken++ % sampler->capacity] = snapshot;
    (void)pthread_cond_broadcast(&sampler->changed);
    if (!result)
      wait_until(sampler, due_ns);
  }
  sampler->ended = true;
  (void)pthread_cond_broadcast(&sampler->changed);
  (void)pthread_mutex_unlock(&sampler->mutex);
  return NULL;
}

static int make_condition(pthread_cond_t *condition) {
  pthread_condattr_t attributes;
  int error = pthread_condattr_init(&attributes);
  if (error)
    return -error;
  error = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  if (!error)
    error = pthread_cond_init(condition, &attributes);
  (void)pthread_condattr_destroy(&attributes);
  return -error;
}

// Frees a sampler whose thread does not run.
static void discard(WxSampler *sampler) {
  wx_observer_close(sampler->observer);
  free(sampler->ring);
  free(sampler);
}

int wx_sampler_start(WxSampler **started, const WxObserverOptions *options, uint64_t interval_ns,
                     size_t capacity) {
  WxSampler *sampler = calloc(1, sizeof *sampler);
  if (!sampler)
    return -ENOMEM;
  sampler->interval_ns = interval_ns;
  sampler->capacity = capacity;
  sampler->ring = calloc(capacity, sizeof *sampler->ring);
  int result = sampler->ring ? wx_observer_open(&sampler->observer, options) : -ENOMEM;
  if (!result)
    result = make_condition(&sampler->changed);
  if (result) {
    discard(sampler);
    return result;
  }
  (void)pthread_mutex_init(&sampler->mutex, NULL); // Cannot fail without attributes.
  result = -pthread_create(&sampler->thread, NULL, sample, sampler);
  if (result) {
    (void)pthread_cond_destroy(&sampler->changed);
    (void)pthread_mutex_destroy(&sampler->mutex);
    discard(sampler);
    return result;
  }
  *started = sampler;
  return 0;
}

uint64_t wx_sampler_wait(WxSampler *sampler, uint64_t count) {
  (void)pthread_mutex_lock(&sampler->mutex);
  while (sampler->taken < count && !sampler->ended)
    (void)pthread_cond_wait(&sampler->changed, &sampler->mutex);
  const uint64_t taken = sampler->taken;
  (void)pthread_mutex_unlock(&sampler->mutex);
  return taken;
}

int wx_sampler_stop(WxSampler *sampler) {
  if (!sampler->joined) {
    (void)pthread_mutex_lock(&sampler->mutex);
    sampler->stopping = true;
    (void)pthread_cond_broadcast(&sampler->changed);
    (void)pthread_mutex_unlock(&sampler->mutex);
    (void)pthread_join(sampler->thread, NULL);
    sampler->joined = true;
  }
  return sampler->result;
}

uint64_t wx_sampler_taken(const WxSampler *sampler) {
  return sampler->taken;
}

size_t wx_sampler_count(const WxSampler *sampler) {
  return sampler->taken < sampler->capacity ? (size_t)sampler->taken : sampler->capacity;
}

const WxSnapshot *wx_sampler_at(const WxSampler *sampler, size_t index) {
  const uint64_t oldest = sampler->taken - wx_sampler_count(sampler);
  return &sampler->ring[(oldest + index) % sampler->capacity];
}

void wx_sampler_free(WxSampler *sampler) {
  if (!sampler)
    return;
  (void)wx_sampler_stop(sampler);
  (void)pthread_cond_destroy(&sampler->changed);
  (void)pthread_mutex_destroy(&sampler->mutex);
  discard(sampler);
}
