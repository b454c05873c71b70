#!/usr/bin/env bash
# Installs what `test:ui` and `test:services` use and npm does not have: a browser, PostgreSQL, Keycloak, Python clients.
# For Debian 12, as root. Run again, it does only what is missing. Fails when anything is.
# `install-parts.sh long` installs the Python clients of `test:long` too.
set -euo pipefail
cd "$(dirname "$0")"

cache=${TRACEHOUSE_CACHE:-$HOME/.cache/tracehouse-parts}
packages=(chromium fonts-liberation maven openjdk-17-jre-headless postgresql-15 python3-venv unzip)
keycloak=26.7.5 # test/harness/parts.ts knows it too
# A file of pinned packages each, and the folder of the cache that is made of it (test/harness/parts.ts knows both).
# litellm-1.108.7 brings callback `langfuse` on SDK 4 and `langfuse_otel`; litellm-1.98.1 the callback of SDK 2, which most
# deployed proxies run; langfuse-2.60.10 is the last Python SDK that sends events and langfuse-5.0.4 the newest, each with the
# LangChain of its time; scim2-cli-0.6.0 brings scim2-tester 0.5.2.
environments=(litellm-1.108.7 litellm-1.98.1 langfuse-2.60.10 langfuse-5.0.4 scim2-cli-0.6.0)
if [ "${1:-}" = long ]; then environments+=(langfuse-3.15.0 langfuse-4.18.0); fi

main() {
  install_packages
  mkdir -p "$cache"
  # Each is mostly waiting for the registry.
  local name pids=()
  install_keycloak &
  pids+=($!)
  for name in "${environments[@]}"; do
    install_environment "$name" &
    pids+=($!)
  done
  local pid failed=0
  for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
  [ "$failed" = 0 ] || fail 'Keycloak or a Python environment could not be installed, see above'
  check
  echo "parts complete: ${packages[*]} keycloak-$keycloak ${environments[*]}"
}

install_packages() {
  local missing=()
  local name
  for name in "${packages[@]}"; do
    [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
  done
  [ "${#missing[@]}" -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || fail "not root, and these Debian packages are missing: ${missing[*]}"
  echo "installing ${missing[*]}"
  # Packages must not start services: the tests start their own.
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq -o DPkg::Lock::Timeout=300 update
  apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${missing[@]}"
}

# From Maven Central, with what `start --optimized` needs built in: it does not re-augment at each start. Its database is in memory.
# Built under a temporary name and renamed when complete, so what is there is whole.
install_keycloak() (
  target=$cache/keycloak-$keycloak
  if [ -d "$target" ]; then exit 0; fi
  echo "installing keycloak-$keycloak"
  partial=$(mktemp -d "$cache/.keycloak.XXXXXX")
  trap 'rm -rf "$partial"' EXIT
  # A repository of its own: the archive would stay in the shared one.
  mvn --batch-mode --quiet -Dmaven.repo.local="$partial/maven" \
    org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy -Dmdep.useBaseVersion=true \
    -Dartifact="org.keycloak:keycloak-quarkus-dist:$keycloak:zip" -DoutputDirectory="$partial"
  unzip -q "$partial/keycloak-quarkus-dist-$keycloak.zip" -d "$partial"
  "$partial/keycloak-$keycloak/bin/kc.sh" build --db=dev-mem --health-enabled=true >"$partial/build.log" 2>&1 ||
    { cat "$partial/build.log"; exit 1; }
  mv "$partial/keycloak-$keycloak" "$target"
)

# Built under a temporary name and renamed when complete, so what is there is whole. A moved environment's `bin/python` works,
# its other programs do not: call them as modules.
install_environment() (
  name=$1 target=$cache/$1
  if cmp --silent "python/$name.txt" "$target/requirements.txt"; then exit 0; fi
  echo "installing $name"
  partial=$(mktemp -d "$cache/.$name.XXXXXX")
  trap 'rm -rf "$partial"' EXIT
  /usr/bin/python3 -m venv "$partial"
  # --no-deps: the list is complete, pip need not solve it again.
  "$partial/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "python/$name.txt"
  cp "python/$name.txt" "$partial/requirements.txt"
  rm -rf "$target"
  mv "$partial" "$target"
)

check() {
  # Else LiteLLM tries to fetch its price list whenever it is imported.
  export LITELLM_LOCAL_MODEL_COST_MAP=True
  chromium --version >/dev/null 2>&1
  /usr/lib/postgresql/15/bin/postgres --version >/dev/null
  java -version 2>/dev/null
  [ -x "$cache/keycloak-$keycloak/bin/kc.sh" ]
  "$cache/litellm-1.108.7/bin/python" -c 'import fastapi, langfuse, litellm, opentelemetry.exporter.otlp.proto.http, uvicorn'
  "$cache/litellm-1.98.1/bin/python" -c 'import fastapi, langfuse, litellm, uvicorn'
  local name
  for name in "${environments[@]}"; do
    case $name in
      langfuse-2.*) "$cache/$name/bin/python" -c 'import langfuse.callback' ;;
      langfuse-*) "$cache/$name/bin/python" -c 'import langfuse.langchain' ;;
      scim2-*) "$cache/$name/bin/python" -c 'import scim2_cli, scim2_tester' ;;
    esac
  done
}

fail() {
  echo "install-parts: $*" >&2
  exit 1
}

main
