// Whether W^X is really on, and who switched it off: the environment, runtimeconfig.json, nobody.
#include "measure/wx_state.h"
#include "support/suite.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RX = WX_READ | WX_EXECUTE, RWX = RX | WX_WRITE };
static WxMapping items[] = {
    {.start = 0x1000, .end = 0x2000, .protection = RX, .path = "/dotnet/libcoreclr.so"},
    {.start = 0x2000, .end = 0x3000, .protection = RX, .path = "/memfd:doublemapper (deleted)"},
    {.start = 0x3000, .end = 0x4000, .protection = RWX, .path = ""},
};

// Without the double mapper: code in memory that is writable and executable.
static WxMapping without[] = {
    {.start = 0x1000, .end = 0x2000, .protection = RX, .path = "/dotnet/libcoreclr.so"},
    {.start = 0x3000, .end = 0x4000, .protection = RWX, .path = ""},
};

START_TEST(the_mappings_tell_whether_it_is_on_and_the_settings_why_not) {
  static const WxSwitch unset = WX_SWITCH_UNSET, on = WX_SWITCH_ON, off = WX_SWITCH_OFF;
  static const struct {
    size_t mappings; // 0: those without.
    const char *version;
    const WxSwitch *environment;
    WxState state;
  } rows[] = {
      {2, "10.0.14", &unset, WX_STATE_ON},
      {3, "10.0.14", &unset, WX_STATE_ON_BUT_OTHER},
      {2, "10.0.14", &off, WX_STATE_ON},
      {0, "10.0.14", &off, WX_STATE_OFF_BY_SETTING},
      {0, "", &off, WX_STATE_OFF_BY_SETTING},
      {0, "10.0.14", &unset, WX_STATE_OFF_SILENTLY},
      {0, "10.0.14", &on, WX_STATE_OFF_SILENTLY},
      {0, "6.0.36", &on, WX_STATE_OFF_SILENTLY},
      {0, "6.0.36", &unset, WX_STATE_OFF_BY_DEFAULT},
      {0, "", &unset, WX_STATE_OFF},
      {0, "10.0.14", NULL, WX_STATE_OFF},
      {2, "10.0.14", NULL, WX_STATE_ON},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    const WxMaps maps = rows[i].mappings ? (WxMaps){.items = items, .count = rows[i].mappings}
                                         : (WxMaps){.items = without, .count = 2};
    const WxState state = wx_state_judge(&maps, rows[i].version, 0, rows[i].environment);
    ck_assert_msg(state == rows[i].state, "row %zu: %s", i, wx_state_code(state));
  }
}
END_TEST

START_TEST(a_runtime_that_has_no_executable_memory_yet_is_not_said_to_be_off) {
  static const WxSwitch unset = WX_SWITCH_UNSET, off = WX_SWITCH_OFF;
  const WxMaps maps = {.items = items, .count = 1};
  ck_assert_str_eq(wx_state_code(wx_state_judge(&maps, "10.0.14", 0, &unset)), "starting");
  ck_assert_str_eq(wx_state_code(wx_state_judge(&maps, "10.0.14", 0, NULL)), "starting");
  ck_assert_str_eq(wx_state_code(wx_state_judge(&maps, "10.0.14", 0, &off)), "off-by-setting");
}
END_TEST

START_TEST(the_last_variable_of_an_environment_counts_only_where_it_is_whole) {
  static const char environment[] = "A=b\0DOTNET_EnableWriteXorExecute=0";
  ck_assert_int_eq(wx_switch_in(environment, sizeof environment), WX_SWITCH_OFF);
  ck_assert_int_eq(wx_switch_in(environment, sizeof environment - 1), WX_SWITCH_UNSET);
  ck_assert_int_eq(wx_switch_in("", 0), WX_SWITCH_UNSET);
}
END_TEST

static void write_text(const char *path, const char *text) {
  FILE *file = fopen(path, "we");
  ck_assert_ptr_nonnull(file);
  fputs(text, file);
  fclose(file);
}

// What is read of a process whose command line names `program`, in `folder`.
static WxSwitch configured(const char *folder, const char *option, const char *program) {
  int input[2], started[2];
  ck_assert_int_eq(pipe2(input, 0) | pipe2(started, O_CLOEXEC), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(input[0], 0);
    close(input[1]);
    if (!chdir(folder))
      execl("/bin/sh", "sh", "-c", "read word", option, program, NULL);
    _exit(1);
  }
  close(started[1]);
  char byte;
  ck_assert_int_eq(read(started[0], &byte, 1), 0); // Until it executes.
  const WxSwitch found = wx_switch_configured(pid);
  close(input[0]);
  close(input[1]);
  close(started[0]);
  kill(pid, SIGKILL);
  ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
  return found;
}

START_TEST(runtimeconfig_is_read_beside_the_program_or_where_the_command_line_says) {
  static const struct {
    const char *value;
    WxSwitch found;
  } rows[] = {{"false", WX_SWITCH_OFF},   {"\"false\"", WX_SWITCH_OFF}, {"true", WX_SWITCH_ON},
              {"\"true\"", WX_SWITCH_ON}, {"0", WX_SWITCH_UNSET},       {"{", WX_SWITCH_UNSET}};
  char folder[] = "/tmp/wxbench-config-XXXXXX", program[64], config[64], text[256];
  ck_assert_ptr_nonnull(mkdtemp(folder));
  snprintf(program, sizeof program, "%s/app.dll", folder);
  snprintf(config, sizeof config, "%s/app.runtimeconfig.json", folder);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    snprintf(text, sizeof text,
             "{\"runtimeOptions\": {\"configProperties\": "
             "{\"System.Runtime.EnableWriteXorExecute\": %s}}}",
             rows[i].value);
    write_text(config, text);
    ck_assert_int_eq(configured("/", "exec", program), rows[i].found);
    ck_assert_int_eq(configured(folder, "exec", "app.dll"), rows[i].found);
    ck_assert_int_eq(configured(folder, "--runtimeconfig", config), rows[i].found);
  }
  ck_assert_int_eq(configured("/", "exec", "app.dll"), WX_SWITCH_UNSET);
  // One that would wait for a writer is not opened.
  ck_assert_int_eq(unlink(config) | mkfifo(config, 0600), 0);
  ck_assert_int_eq(configured("/", "exec", program), WX_SWITCH_UNSET);
  ck_assert_int_eq(unlink(config) | rmdir(folder), 0);
}
END_TEST

WX_TEST_MAIN("wx_state", a_runtime_that_has_no_executable_memory_yet_is_not_said_to_be_off,
             the_mappings_tell_whether_it_is_on_and_the_settings_why_not,
             the_last_variable_of_an_environment_counts_only_where_it_is_whole,
             runtimeconfig_is_read_beside_the_program_or_where_the_command_line_says)
