/**
   @file survey.h
   Which processes of this machine have an executable memfd, and who maps those files: the first
   half of an audit of all.
*/
#ifndef WX_ATTRIBUTION_SURVEY_H
#define WX_ATTRIBUTION_SURVEY_H

#include "measure/mappers.h"
#include "measure/memfd.h"
#include "measure/process_status.h"

/// What was found. Start with {0}, end with wx_survey_free().
typedef struct {
  WxProcesses found;   ///< Processes with such a file.
  WxProcesses misled;  ///< Processes with a file that is called so and is no memfd.
  WxProcesses skipped; ///< Processes that the caller may not look at.
  WxFileId *files;     ///< The files, each once.
  size_t file_count;
  size_t file_capacity;
  WxMappers mappers; ///< Who maps them.
} WxSurvey;

/// Looks at every process but those left out (may be NULL) for files of this link, else any
/// executable memfd. Returns 0 or a
/// negative errno.
int wx_survey_take(WxSurvey *survey, const char *link, const WxProcesses *left_out);

void wx_survey_free(WxSurvey *survey);

#endif
