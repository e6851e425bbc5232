# shellcheck shell=bash
# A language in which much is different: source this.

# foreign_locale FOLDER: makes one there that sorts in another order, has a comma for the decimal point and other capitals, and
# sets `foreign`, words for env. False where none can be made.
foreign_locale() {
  foreign=(LOCPATH="$1" LC_ALL=tr_TR.UTF-8)
  mkdir -p "$1" && localedef -i tr_TR -f UTF-8 "$1/tr_TR.UTF-8" >/dev/null 2>&1 && [ "$(env "${foreign[@]}" locale decimal_point)" = , ]
}
