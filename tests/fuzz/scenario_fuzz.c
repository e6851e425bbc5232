// Scenario files: any bytes are a scenario all of whose words and numbers mean something, or are
// refused in one line that names a line of the file.
#include "scenario/parameters.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void require(int holds) {
  if (!holds)
    abort();
}

static void check_complaint(const WxComplaint *complaint, size_t size) {
  require(*complaint->text != '\0');
  // YAML has line breaks besides these, so a file has at most one line more than bytes.
  require(complaint->line <= size + 1);
}

static void check_scenario(const WxScenario *scenario) {
  const WxParameters parameters = {scenario, NULL, 0};
  require(*scenario->name && *scenario->shows);
  require(!scenario->workload == (scenario->round_count > 0));
  for (unsigned i = 0; i < scenario->parameters_count; ++i) {
    char problem[WX_PROBLEM_SIZE];
    require(wx_parameters_known(&parameters, scenario->parameters[i].name) || i >= 64);
    require(wx_parameters_check(&parameters, scenario->parameters[i].name, problem) == 0);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const int fd = memfd_create("scenario", 0);
  require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  WxScenario *scenario = NULL;
  WxComplaint complaint;
  const int result = wx_scenario_load(path, &scenario, &complaint);
  require(result == 0 || result == -EINVAL || (result == -EFBIG && size > 1024 * 1024));
  if (result)
    check_complaint(&complaint, size);
  else
    check_scenario(scenario);
  wx_scenario_free(scenario);
  close(fd);
  return 0;
}
