/**
   @file markup.h
   Text inside XML, HTML and Markdown.
*/
#ifndef WX_OUTPUT_MARKUP_H
#define WX_OUTPUT_MARKUP_H

#include <stdio.h>

/// Writes text into an attribute or between tags, as it may be shown (shown.h), so that it ends
/// neither. NULL is nothing.
void wx_markup_text(FILE *stream, const char *text);

/// The same of a text of several lines, whose line breaks stay.
void wx_markup_lines(FILE *stream, const char *text);

/// Writes text into a line or a cell of Markdown, as it may be shown: on one line, and nothing in
/// it is markup; a picture would be fetched by whoever looks.
void wx_markup_markdown(FILE *stream, const char *text);

#endif
