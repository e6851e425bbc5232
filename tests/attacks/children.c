#include "children.h"

#include "attack.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CODES = 256, LIFE_NS = 300000 };

// What a child is killed by.
static const int deadly[] = {SIGKILL, SIGTERM, SIGHUP, SIGUSR1};
enum { DEADLY = sizeof deadly / sizeof *deadly };

static const uint64_t look_ns = 1000000;
static const uint64_t patience_ns = 10000000000; // On a busy machine.

static _Atomic uint64_t told;
static _Atomic uint64_t wrong;
static const char *_Atomic what;
static _Atomic bool end;
static _Atomic bool ended;
static bool with_stops;
static bool started;

static void expect(bool held, const char *claim) {
  atomic_fetch_add(&told, 1);
  if (held)
    return;
  atomic_store(&what, claim);
  atomic_fetch_add(&wrong, 1);
}

static bool is_told(pid_t pid, int options, int code, int status) {
  siginfo_t info = {0};
  while (waitid(P_PID, (id_t)pid, &info, options))
    if (errno != EINTR)
      return false;
  return info.si_pid == pid && info.si_code == code && info.si_status == status;
}

// A child that dies of any signal.
static pid_t have_child(void) {
  const pid_t pid = attack_fork();
  if (pid == 0) {
    sigset_t none;
    (void)sigemptyset(&none);
    for (int i = 0; i < DEADLY; ++i) // Before one may come in; some are ignored below nohup.
      (void)signal(deadly[i], SIG_DFL);
    (void)pthread_sigmask(SIG_SETMASK, &none, NULL);
  }
  return pid;
}

static void exits(void) {
  const int code = (int)attack_random(CODES);
  const pid_t pid = have_child();
  if (pid == 0) {
    attack_nap(attack_random(LIFE_NS));
    _exit(code);
  }
  expect(is_told(pid, WEXITED, CLD_EXITED, code), "an exit status");
}

static void is_killed(void) {
  const int signal = deadly[attack_random(DEADLY)];
  const pid_t pid = have_child();
  while (pid == 0)
    (void)pause();
  attack_nap(attack_random(LIFE_NS));
  (void)kill(pid, signal);
  expect(is_told(pid, WEXITED, CLD_KILLED, signal), "the signal that killed a child");
}

static void stops(void) {
  const pid_t pid = have_child();
  while (pid == 0)
    (void)pause();
  attack_nap(attack_random(LIFE_NS));
  (void)kill(pid, SIGSTOP);
  expect(is_told(pid, WSTOPPED, CLD_STOPPED, SIGSTOP), "the stop of a child");
  attack_nap(attack_random(LIFE_NS));
  (void)kill(pid, SIGCONT);
  expect(is_told(pid, WCONTINUED, CLD_CONTINUED, SIGCONT), "the continuation of a child");
  (void)kill(pid, SIGKILL);
  expect(is_told(pid, WEXITED | WSTOPPED | WCONTINUED, CLD_KILLED, SIGKILL),
         "the end of a child that had stopped");
}

static void *have_children(void *unused) {
  (void)unused;
  sigset_t all;
  (void)sigfillset(&all);
  (void)pthread_sigmask(SIG_BLOCK, &all, NULL);
  while (!atomic_load(&end)) {
    exits();
    is_killed();
    if (with_stops)
      stops();
  }
  atomic_store(&ended, true);
  return NULL;
}

void children_start(bool with) {
  pthread_t thread;
  with_stops = with;
  started = true;
  if (pthread_create(&thread, NULL, have_children, NULL))
    attack_die("pthread_create");
  (void)pthread_detach(thread);
}

Children children_end(void) {
  atomic_store(&end, true);
  const uint64_t until = attack_now() + patience_ns;
  while (started && !atomic_load(&ended) && attack_now() < until)
    attack_nap(look_ns);
  if (started && !atomic_load(&ended))
    expect(false, "anything of a child");
  return (Children){.told = told, .wrong = wrong, .what = what};
}
