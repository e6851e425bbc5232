#include "attribution/survey.h"

#include "os/grow.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int add_file(WxSurvey *survey, WxFileId id) {
  for (size_t i = 0; i < survey->file_count; ++i)
    if (wx_file_id_equal(survey->files[i], id))
      return 0;
  WxFileId *files =
      wx_grown(survey->files, &survey->file_capacity, survey->file_count, sizeof *files);
  if (!files)
    return -ENOMEM;
  survey->files = files;
  survey->files[survey->file_count++] = id;
  return 0;
}

static int add_files(WxSurvey *survey, const WxMemfds *memfds) {
  int result = 0;
  for (size_t i = 0; !result && i < memfds->count; ++i)
    result = add_file(survey, memfds->items[i].id);
  return result;
}

static bool is_refusal(int error) {
  return error == -EACCES || error == -EPERM;
}

// A process without mappings (a kernel thread) or one that has gone is passed over.
static int look_at(WxSurvey *survey, pid_t pid, const char *link, WxMaps *maps, WxMemfds *memfds) {
  int result = wx_process_error(wx_maps_read(maps, pid));
  if (!result && maps->count)
    result = wx_memfd_find(memfds, pid, maps, link);
  if (!result && memfds->impostors)
    result = wx_processes_add(&survey->misled, pid);
  if (!result && maps->count && !memfds->count)
    result = wx_memfd_find(memfds, pid, maps, NULL);
  if (is_refusal(result))
    return wx_processes_add(&survey->skipped, pid);
  if (result == -ENOMEM)
    return result;
  if (result || !maps->count || !memfds->count)
    return 0;
  result = add_files(survey, memfds);
  return result ? result : wx_processes_add(&survey->found, pid);
}

int wx_survey_take(WxSurvey *survey, const char *link, const WxProcesses *left_out) {
  WxProcesses all = {0};
  WxMaps maps = {0};
  WxMemfds memfds = {0};
  int result = wx_process_all(&all);
  for (size_t i = 0; !result && i < all.count; ++i) {
    memfds.count = memfds.impostors = 0;
    if (!left_out || !wx_processes_contain(left_out, all.pids[i]))
      result = look_at(survey, all.pids[i], link, &maps, &memfds);
  }
  survey->mappers.left_out = left_out;
  if (!result && survey->file_count)
    result = wx_mappers_read(&survey->mappers, WX_MAPPERS_ALL, getpid(), NULL, survey->files,
                             survey->file_count);
  wx_memfds_free(&memfds);
  wx_maps_free(&maps);
  wx_processes_free(&all);
  return result;
}

void wx_survey_free(WxSurvey *survey) {
  wx_processes_free(&survey->found);
  wx_processes_free(&survey->misled);
  wx_processes_free(&survey->skipped);
  free(survey->files);
  wx_mappers_free(&survey->mappers);
  *survey = (WxSurvey){0};
}
