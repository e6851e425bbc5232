// Starts a tool again and again that holds a target now and then, and strikes it at that moment:
//   strike target=PID [rounds=N] [seconds=N] [who=worker|tool|both] [when=held|random|turns]
//          [after=MICROSECONDS] [how=kill|stop|freeze1|freeze2|group] [freezer=FOLDER]
//          -- TOOL ARGUMENT...
// `worker` is every process that the tool has started. `stop` is SIGSTOP; `freeze1` and `freeze2`
// freeze a control group in which the tool is, of either version; `group` kills all processes of a
// group of version 2 in one step. The target is seen to be held by the states of its tasks, or
// where `freezer` names its own control group by the state of that; `after` waits, and looks again
// whether it still is. Afterwards it has to be free
// within 2 s, whatever becomes of the tool. Prints a line `NAME NUMBER` of each count:
//   rounds; struck (in how many); held (after how many it was held too long); left (how many
//   processes of a tool that had ended were left); free_longest_ns (how long it took at most).
// Exit status 1 where `held` or `left` is not 0, 77 where there is no such control group.
#include "attack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_TASKS = 256, MOST_PROCESSES = 16, CANNOT = 77, PATH = 512 };

static const uint64_t bound_ns = 2000000000;
static const uint64_t patience_ns = 20000000000; // On a busy machine.
static const uint64_t look_ns = 200000;
static const uint32_t random_ns = 30000000; // From the first pause on.
static const uint64_t second_ns = 1000000000;

typedef enum { WORKER, TOOL, BOTH } Who;
typedef enum { HELD, RANDOM, TURNS } When;
typedef enum { KILL, STOP, FREEZE_1, FREEZE_2, GROUP } How;

static const char *const who_names[] = {"worker", "tool", "both", NULL};
static const char *const when_names[] = {"held", "random", "turns", NULL};
static const char *const how_names[] = {"kill", "stop", "freeze1", "freeze2", "group", NULL};

/// What is to be done, and what was counted.
typedef struct {
  pid_t target;
  const char *freezer; ///< The target's own control group; "" where it is not held by that.
  char **tool;
  Who who;
  When when;
  How how;
  long rounds;
  uint64_t after_ns;
  uint64_t until;   ///< No round begins later.
  char group[PATH]; ///< The tool's control group, "" where it needs none.
  long done;
  long struck;
  long held;
  long left;
  uint64_t free_longest_ns;
} Strike;

/// States of tasks, read fast: their files stay open.
typedef struct {
  int files[MOST_TASKS];
  int count;
} Tasks;

static _Atomic bool asked_to_end;

static void end(int signal) {
  (void)signal;
  asked_to_end = true;
}

static void open_tasks(Tasks *tasks, pid_t pid) {
  char path[PATH];
  (void)snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
  DIR *directory = opendir(path);
  if (!directory)
    attack_die("the target");
  tasks->count = 0;
  for (const struct dirent *entry; tasks->count < MOST_TASKS && (entry = readdir(directory));) {
    (void)snprintf(path, sizeof path, "%s/stat", entry->d_name);
    const int file =
        atoi(entry->d_name) ? openat(dirfd(directory), path, O_RDONLY | O_CLOEXEC) : -1;
    if (file >= 0)
      tasks->files[tasks->count++] = file;
  }
  (void)closedir(directory);
}

static void close_tasks(Tasks *tasks) {
  while (tasks->count)
    (void)close(tasks->files[--tasks->count]);
}

static bool is_held_task(int file) {
  char text[256];
  const ssize_t got = pread(file, text, sizeof text - 1, 0);
  if (got <= 0)
    return false;
  text[got] = '\0';
  const char *state = strrchr(text, ')');
  return state && (state[2] == 't' || state[2] == 'T');
}

// The first line of a file that begins so, or "".
static bool file_says(const char *folder, const char *name, const char *wanted) {
  char text[PATH];
  (void)snprintf(text, sizeof text, "%s/%s", folder, name);
  const int fd = open(text, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return false;
  const ssize_t got = read(fd, text, sizeof text - 1);
  (void)close(fd);
  text[got > 0 ? got : 0] = '\0';
  return strstr(text, wanted);
}

static bool is_frozen(const char *folder) {
  return file_says(folder, "freezer.state", "FR") || file_says(folder, "cgroup.freeze", "1");
}

static bool is_held(const Strike *strike, const Tasks *tasks) {
  if (*strike->freezer)
    return is_frozen(strike->freezer);
  for (int i = 0; i < tasks->count; ++i)
    if (is_held_task(tasks->files[i]))
      return true;
  return false;
}

static bool is_free(const Strike *strike) {
  if (*strike->freezer)
    return !is_frozen(strike->freezer);
  return !attack_is_held(strike->target);
}

// A group of the tool's own.
static void make_group(Strike *strike) {
  static const char *const roots[] = {"/sys/fs/cgroup/freezer", "/sys/fs/cgroup/unified",
                                      "/sys/fs/cgroup"};
  char file[PATH + 32];
  if (strike->how == KILL || strike->how == STOP)
    return;
  const char *control = strike->how == FREEZE_1   ? "freezer.state"
                        : strike->how == FREEZE_2 ? "cgroup.freeze"
                                                  : "cgroup.kill";
  for (size_t i = 0; i < sizeof roots / sizeof *roots; ++i) {
    (void)snprintf(strike->group, sizeof strike->group, "%s/%s-tool", roots[i],
                   getenv("ATTACK_GROUP") ? getenv("ATTACK_GROUP") : "wxbench-attack");
    if (mkdir(strike->group, 0755))
      continue;
    (void)snprintf(file, sizeof file, "%s/%s", strike->group, control);
    if (access(file, W_OK) == 0)
      return;
    (void)rmdir(strike->group);
  }
  fprintf(stderr, "no control group with %s can be made\n", control);
  _exit(CANNOT);
}

static void control_group(const Strike *strike, const char *name, const char *text) {
  char file[PATH + 32];
  (void)snprintf(file, sizeof file, "%s/%s", strike->group, name);
  if (!attack_write(file, text))
    attack_die(file);
}

static void set_frozen(const Strike *strike, bool frozen) {
  if (strike->how == FREEZE_1)
    control_group(strike, "freezer.state", frozen ? "FROZEN" : "THAWED");
  else if (strike->how == FREEZE_2)
    control_group(strike, "cgroup.freeze", frozen ? "1" : "0");
}

static void remove_group(const Strike *strike) {
  for (int tries = 0; *strike->group && rmdir(strike->group) && tries < 1000; ++tries)
    attack_nap(look_ns); // The kernel is not done with its last process yet.
}

static pid_t start_tool(const Strike *strike) {
  const pid_t pid = attack_fork();
  if (pid)
    return pid;
  if (*strike->group)
    control_group(strike, "cgroup.procs", "0");
  const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nowhere < 0 || dup2(nowhere, 0) < 0 || dup2(nowhere, 1) < 0 ||
      (!getenv("STRIKE_LOUD") && dup2(nowhere, 2) < 0))
    _exit(CANNOT);
  (void)execv(strike->tool[0], strike->tool);
  _exit(CANNOT);
}

// Adds the descendants of `pid` to the list of `count`. Returns how many there are then.
static int add_children(pid_t pid, pid_t *list, int count) {
  char text[PATH];
  (void)snprintf(text, sizeof text, "/proc/%d/task/%d/children", (int)pid, (int)pid);
  const int fd = open(text, O_RDONLY | O_CLOEXEC);
  const ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
  if (fd >= 0)
    (void)close(fd);
  text[got > 0 ? got : 0] = '\0';
  char *rest = text;
  for (long child; count < MOST_PROCESSES && (child = strtol(rest, &rest, 10)) > 0;) {
    list[count++] = (pid_t)child;
    count = add_children((pid_t)child, list, count);
  }
  return count;
}

static bool has_ended(pid_t pid) {
  const char state = attack_state(pid, pid);
  return state == 'X' || state == 'Z';
}

// Waits until the target is held, or a while. Returns whether it is.
static bool wait_until_held(const Strike *strike, pid_t tool, const Tasks *tasks) {
  const uint64_t until = attack_now() + patience_ns;
  for (;;) {
    while (!is_held(strike, tasks))
      if (attack_now() > until || has_ended(tool))
        return false;
    if (!strike->after_ns)
      return true;
    attack_nap(strike->after_ns);
    if (is_held(strike, tasks))
      return true;
  }
}

static bool wait_until_free(Strike *strike) {
  const uint64_t start = attack_now();
  uint64_t passed = 0;
  bool is = is_free(strike);
  while (!is && passed < bound_ns) {
    attack_nap(look_ns);
    passed = attack_now() - start;
    is = is_free(strike);
  }
  if (passed > strike->free_longest_ns)
    strike->free_longest_ns = passed;
  return is;
}

static void signal_them(const Strike *strike, pid_t tool, const pid_t *workers, int count,
                        int number) {
  const bool tool_first = attack_random(2);
  if (strike->who != WORKER && tool_first)
    (void)kill(tool, number);
  for (int i = 0; strike->who != TOOL && i < count; ++i)
    (void)kill(workers[i], number);
  if (strike->who != WORKER && !tool_first)
    (void)kill(tool, number);
}

static void hit(const Strike *strike, pid_t tool, const pid_t *workers, int count) {
  if (strike->how == KILL)
    signal_them(strike, tool, workers, count, SIGKILL);
  else if (strike->how == STOP)
    signal_them(strike, tool, workers, count, SIGSTOP);
  else if (strike->how == GROUP)
    control_group(strike, "cgroup.kill", "1");
  else
    set_frozen(strike, true);
}

// Waits a while for the end of the process; then kills it. Returns whether it ended by itself.
static bool ends(pid_t pid, bool is_child) {
  const uint64_t until = attack_now() + patience_ns;
  while (!has_ended(pid) && attack_now() < until)
    attack_nap(look_ns);
  const bool did = has_ended(pid);
  if (!did) {
    fprintf(stderr, "%s %d did not end (state %c)\n", is_child ? "tool" : "worker", (int)pid,
            attack_state(pid, pid));
    (void)kill(pid, SIGKILL);
  }
  if (is_child)
    (void)attack_reap(pid);
  return did;
}

// Lets the tool end, and looks whether all of its processes do.
static void end_tool(Strike *strike, pid_t tool, const pid_t *workers, int count) {
  if (strike->how == STOP)
    signal_them(strike, tool, workers, count, SIGCONT);
  set_frozen(strike, false);
  (void)kill(tool, SIGTERM);
  if (!ends(tool, true))
    ++strike->left;
  for (int i = 0; i < count; ++i)
    if (!ends(workers[i], false))
      ++strike->left;
}

// What holds it after all is undone, so that the next round can begin.
static void release(const Strike *strike) {
  char file[PATH];
  (void)kill(strike->target, SIGCONT);
  (void)snprintf(file, sizeof file, "%s/freezer.state", strike->freezer);
  (void)attack_write(file, "THAWED");
  (void)snprintf(file, sizeof file, "%s/cgroup.freeze", strike->freezer);
  (void)attack_write(file, "0");
}

static void play_round(Strike *strike) {
  Tasks tasks = {.count = 0};
  pid_t workers[MOST_PROCESSES];
  open_tasks(&tasks, strike->target);
  const pid_t tool = start_tool(strike);
  const bool random = strike->when == RANDOM || (strike->when == TURNS && strike->done % 2);
  bool seen = wait_until_held(strike, tool, &tasks);
  if (seen && random)
    attack_nap(attack_random(random_ns));
  const int count = add_children(tool, workers, 0);
  if (seen) {
    hit(strike, tool, workers, count);
    ++strike->struck;
  }
  close_tasks(&tasks);
  if (!wait_until_free(strike)) {
    ++strike->held;
    release(strike);
  }
  end_tool(strike, tool, workers, count);
}

static void play(Strike *strike) {
  make_group(strike);
  while (strike->done < strike->rounds && attack_now() < strike->until && !asked_to_end &&
         !has_ended(strike->target)) {
    play_round(strike);
    ++strike->done;
  }
  remove_group(strike);
  attack_say("rounds %ld\nstruck %ld\nheld %ld\nleft %ld\nfree_longest_ns %" PRIu64 "\n",
             strike->done, strike->struck, strike->held, strike->left, strike->free_longest_ns);
}

static const char *value_of(char **words, const char *name) {
  const size_t length = strlen(name);
  for (; *words && strcmp(*words, "--") != 0; ++words)
    if (strncmp(*words, name, length) == 0 && (*words)[length] == '=')
      return *words + length + 1;
  return "";
}

static int choice(const char *value, const char *const *names) {
  for (int i = 0; names[i]; ++i)
    if (strcmp(names[i], value) == 0)
      return i;
  return 0;
}

int main(int argc, char **argv) {
  char **tool = argv + 1;
  while (*tool && strcmp(*tool, "--") != 0)
    ++tool;
  if (argc < 3 || !*tool || !tool[1])
    return 2;
  const long rounds = strtol(value_of(argv, "rounds"), NULL, 10);
  const long seconds = strtol(value_of(argv, "seconds"), NULL, 10);
  Strike strike = {
      .target = (pid_t)strtol(value_of(argv, "target"), NULL, 10),
      .freezer = value_of(argv, "freezer"),
      .tool = tool + 1,
      .who = (Who)choice(value_of(argv, "who"), who_names),
      .when = (When)choice(value_of(argv, "when"), when_names),
      .how = (How)choice(value_of(argv, "how"), how_names),
      .rounds = rounds > 0 ? rounds : 1,
      .after_ns = (uint64_t)strtol(value_of(argv, "after"), NULL, 10) * 1000,
      .until = seconds > 0 ? attack_now() + (uint64_t)seconds * second_ns : UINT64_MAX,
  };
  attack_end_with_parent();
  (void)signal(SIGTERM, end);
  play(&strike);
  return strike.held || strike.left;
}
