// Every kind of document in every format, byte for byte: see tests/golden/README.md.
#include "bench/benchmark.h"
#include "cli/verb.h"
#include "output/format.h"
#include "support/specimen.h"
#include "support/suite.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDER "tests/golden"

enum { PATH = 256 };

// The files are written anew only where somebody asks for it, and then nothing is checked.
static bool is_writing(void) {
  const char *asked = getenv("WXBENCH_GOLDEN");
  return asked && strcmp(asked, "write") == 0;
}

static char *read_file(const char *path) {
  FILE *file = fopen(path, "re");
  if (!file)
    return NULL;
  char *text = NULL;
  size_t size = 0;
  if (getdelim(&text, &size, '\0', file) < 0) {
    free(text);
    text = strdup(""); // It is empty.
  }
  fclose(file);
  return text;
}

static void write_file(const char *path, const char *text) {
  FILE *file = fopen(path, "we");
  ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
  ck_assert_int_ge(fputs(text, file), 0);
  ck_assert_int_eq(fclose(file), 0);
}

// The first line in which two texts differ, from 1.
static size_t first_difference(const char *one, const char *other) {
  size_t line = 1;
  for (; *one == *other; ++one, ++other)
    line += *one == '\n';
  return line;
}

// A line of text, without its end.
static void copy_line(const char *text, size_t number, char *line, size_t size) {
  for (size_t i = 1; i < number && text; ++i) {
    text = strchr(text, '\n');
    text = text ? text + 1 : NULL;
  }
  snprintf(line, size, "%.*s", text ? (int)strcspn(text, "\n") : 0, text ? text : "");
}

// Returns how much is wrong with one file, and says it.
static int check_file(const char *name, const char *format, const char *text) {
  char path[PATH], expected[512], actual[512];
  snprintf(path, sizeof path, FOLDER "/%s.%s", name, format);
  if (is_writing()) {
    write_file(path, text);
    return 0;
  }
  char *golden = read_file(path);
  const bool same = golden && strcmp(golden, text) == 0;
  if (!golden) {
    printf("%s: there is no such file; `make golden` writes it\n", path);
  } else if (!same) {
    const size_t line = first_difference(golden, text);
    copy_line(golden, line, expected, sizeof expected);
    copy_line(text, line, actual, sizeof actual);
    printf("%s:%zu:\n  expected: %s\n  written:  %s\n", path, line, expected, actual);
  }
  free(golden);
  return !same;
}

static int check_formats(const WxSpecimen *specimen, const WxDocument *document) {
  int wrong = 0;
  const WxFormat *format;
  for (size_t i = 0; (format = wx_format_at(i)); ++i) {
    char *text;
    size_t length;
    ck_assert_int_eq(wx_format_render(format, document, &text, &length), 0);
    ck_assert_uint_eq(strlen(text), length);
    wrong += check_file(specimen->name, format->name, text);
    free(text);
  }
  for (size_t i = 0; i < WX_SPECIMEN_TEXTS && specimen->texts[i].format; ++i) {
    char *text = specimen->texts[i].write(document);
    wrong += check_file(specimen->name, specimen->texts[i].format, text);
    free(text);
  }
  return wrong;
}

START_TEST(every_document_is_written_as_before_in_every_format) {
  int wrong = 0;
  const WxSpecimen *specimen;
  for (size_t i = 0; (specimen = wx_specimen_at(i)); ++i) {
    WxDocument document = wx_specimen_document(specimen);
    wrong += check_formats(specimen, &document);
    wx_document_free(&document);
  }
  fflush(stdout);
  ck_assert_msg(wrong == 0, "%d files differ: see above, and tests/golden/README.md", wrong);
}
END_TEST

static bool is_format(const WxSpecimen *specimen, const char *name) {
  for (size_t i = 0; i < WX_SPECIMEN_TEXTS && specimen->texts[i].format; ++i)
    if (strcmp(specimen->texts[i].format, name) == 0)
      return true;
  return wx_format_find(name) != NULL;
}

static bool is_expected(const char *file) {
  const char *dot = strrchr(file, '.');
  const WxSpecimen *specimen;
  for (size_t i = 0; dot && (specimen = wx_specimen_at(i)); ++i)
    if (strncmp(file, specimen->name, (size_t)(dot - file)) == 0 &&
        strlen(specimen->name) == (size_t)(dot - file))
      return is_format(specimen, dot + 1);
  return strcmp(file, "README.md") == 0;
}

START_TEST(no_golden_file_is_left_over) {
  DIR *folder = opendir(FOLDER);
  ck_assert_ptr_nonnull(folder);
  const struct dirent *entry;
  while ((entry = readdir(folder))) {
    if (entry->d_name[0] == '.' || is_expected(entry->d_name))
      continue;
    if (is_writing())
      ck_assert_int_eq(unlinkat(dirfd(folder), entry->d_name, 0), 0);
    else
      ck_abort_msg(FOLDER "/%s: no document and format of this name", entry->d_name);
  }
  closedir(folder);
}
END_TEST

static bool has_specimen(const char *verb, const char *name) {
  const WxSpecimen *specimen;
  for (size_t i = 0; (specimen = wx_specimen_at(i)); ++i)
    if (strcmp(specimen->verb, verb) == 0 && (!name || strcmp(specimen->name, name) == 0))
      return true;
  return false;
}

START_TEST(every_verb_and_every_benchmark_has_a_document_here) {
  const WxCliVerb *verb;
  for (size_t i = 0; (verb = wx_cli_verb_at(i)); ++i)
    // What is recorded is no document.
    ck_assert_msg(has_specimen(verb->name, NULL) || strcmp(verb->name, "record") == 0,
                  "no document of the verb %s in tests/support/specimen.c", verb->name);
  const WxBenchmark *benchmark;
  for (size_t i = 0; (benchmark = wx_benchmark_at(i)); ++i) {
    char name[PATH];
    snprintf(name, sizeof name, "bench-%s", benchmark->name);
    ck_assert_msg(has_specimen("bench", name), "no document %s in tests/support/specimen.c", name);
  }
}
END_TEST

/* Whether the documents can show an exchange of any two figures
 * -------------------------------------------------------------------------------------------------
 */

enum { MOST_FIGURES = 512, NAME = 96 };

typedef struct {
  char names[MOST_FIGURES][NAME];
  double values[MOST_FIGURES];
  size_t count;
} Figures;

static void collect(Figures *figures, const char *name, json_t *value) {
  const char *key;
  json_t *inner;
  size_t index;
  char path[NAME];
  json_object_foreach(value, key, inner) {
    snprintf(path, sizeof path, "%.40s%s%.40s", name, *name ? "." : "", key);
    collect(figures, path, inner);
  }
  json_array_foreach(value, index, inner) {
    snprintf(path, sizeof path, "%.60s[%zu]", name, index);
    collect(figures, path, inner);
  }
  ck_assert_msg(!json_is_null(value) || strcmp(name, "damage") == 0 ||
                    strcmp(name, "incomplete") == 0 || strcmp(name, "process.segments") == 0,
                "%s is unknown", name);
  if (!json_is_number(value))
    return;
  ck_assert_uint_lt(figures->count, MOST_FIGURES);
  snprintf(figures->names[figures->count], NAME, "%s", name);
  figures->values[figures->count++] = json_number_value(value);
}

// The same figure in two places of an audit.
static bool is_same_by_nature(const char *one, const char *other) {
  static const char *const pairs[][2] = {
      {"doublemapper.mappings.", "doublemapper.by_protection."},
      {"doublemapper.allocated_bytes", "container.double_mapper_bytes"},
      {"doublemapper.by_protection.", "span_parts.own_"},
      {"glibc.rss_bytes", "owners["},
      {"container.", "owners["},
      {"cgroup.usage_bytes", "container.usage_bytes"},
      {"inflated_modules[", "doublemapper.span_bytes"},
      {"doublemapper.extents[1].from_bytes", "doublemapper.orphaned_extents[1].from_bytes"},
  };
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; ++i)
    for (size_t turn = 0; turn < 2; ++turn)
      if (strncmp(one, pairs[i][turn], strlen(pairs[i][turn])) == 0 &&
          strncmp(other, pairs[i][!turn], strlen(pairs[i][!turn])) == 0)
        return true;
  return false;
}

static void assert_different(const char *name, const Figures *figures) {
  for (size_t i = 0; i < figures->count; ++i) {
    ck_assert_msg(figures->values[i] != 0, "%s: %s is 0", name, figures->names[i]);
    for (size_t k = 0; k < i; ++k)
      ck_assert_msg(figures->values[i] != figures->values[k] ||
                        is_same_by_nature(figures->names[i], figures->names[k]),
                    "%s: %s and %s are both %.17g", name, figures->names[i], figures->names[k],
                    figures->values[i]);
  }
}

START_TEST(no_two_figures_of_a_full_document_are_equal_and_none_is_unknown) {
  const WxSpecimen *specimen;
  for (size_t i = 0; (specimen = wx_specimen_at(i)); ++i) {
    if (!specimen->full)
      continue;
    WxDocument document = wx_specimen_document(specimen);
    size_t index;
    json_t *result;
    json_array_foreach(document.results, index, result) {
      Figures *figures = calloc(1, sizeof *figures);
      ck_assert_ptr_nonnull(figures);
      collect(figures, "", result);
      ck_assert_uint_gt(figures->count, 5);
      assert_different(specimen->name, figures);
      free(figures);
    }
    wx_document_free(&document);
  }
}
END_TEST

WX_TEST_MAIN("golden", every_document_is_written_as_before_in_every_format,
             no_golden_file_is_left_over, every_verb_and_every_benchmark_has_a_document_here,
             no_two_figures_of_a_full_document_are_equal_and_none_is_unknown)
