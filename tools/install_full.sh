#!/bin/sh
# Install what `make test-full` needs and a plain Debian lacks; what is there already stays.
set -eu
cd "$(dirname "$0")/.."

missing=""
need() {  # need COMMAND PACKAGE...: note the packages when the command is not there
    command -v "$1" >/dev/null 2>&1 || missing="$missing $(shift; echo "$*")"
}
need chromium chromium fonts-dejavu-core
need soffice libreoffice-calc libreoffice-impress libreoffice-writer
need pdftoppm poppler-utils
need dot graphviz
need npm npm

if [ -n "$missing" ]; then
    as_root=""
    [ "$(id -u)" = 0 ] || as_root=sudo
    echo "Installing$missing …"
    $as_root apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends \
        $missing >/dev/null
fi

# Outside git: the rules of axe-core that the pages are held to, and readers and
# drawers of BPMN and of SurveyJS's questionnaires.
for package in axe-core@4 bpmn-moddle@9 bpmn-js@18 survey-core@2 survey-js-ui@2; do
    if [ ! -d "node_modules/${package%@*}" ]; then
        echo "Installing the packages of the browser tests …"
        npm install --no-save --no-package-lock --no-audit --no-fund --loglevel=error \
            axe-core@4 bpmn-moddle@9 bpmn-js@18 survey-core@2 survey-js-ui@2
    fi
done
