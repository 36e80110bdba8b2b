#!/bin/sh
# Makes of a bare Debian 12 what all containers of Darkroom run from, but for the storage server, which the Dockerfile
# takes from Silo's image. As root, in the image, from a checkout in it: ops/containers/install.sh
# Needs the package indexes of Debian and of Python.
set -eu

checkout=$(cd "$(dirname "$0")/../.." && pwd)
export DEBIAN_FRONTEND=noninteractive

apt-get update
apt-get install -y --no-install-recommends ca-certificates python3 stunnel4 \
    libreoffice-writer-nogui libreoffice-calc-nogui fonts-liberation
# Code and locked dependencies as everywhere, with what it takes to compile one of them.
PYTHONPATH=$checkout python3 -B -P -m ops.containers.image "$checkout"

# No compiler stays where untrusted files are decoded, whoever recommends one, and nothing that can be fetched again.
apt-get purge -y --auto-remove -o APT::AutoRemove::RecommendsImportant=0 -o APT::AutoRemove::SuggestsImportant=0 \
    build-essential pkg-config python3.11-dev python3.11-venv
apt-get clean
rm -rf /var/lib/apt/lists/* /var/cache/darkroom /root/.cache
