#!/bin/sh
# Unpacks the fonts that the generator draws with into a folder, without installing them.
# usage: fetch_fonts.sh FOLDER
set -eu

packages="fonts-osifont fonts-dejavu-core fonts-dejavu-extra fonts-liberation fonts-freefont-ttf fonts-urw-base35
fonts-routed-gothic fonts-opendin fonts-symbola fonts-play fonts-open-sans fonts-lato fonts-roboto-unhinted fonts-jura
hershey-fonts-data librecad-data"

mkdir -p "$1"
cd "$1"
[ ! -e complete ] || exit 0
for package in $packages; do
    apt-get download "$package" || { echo "package $package is not to be had; run apt-get update first" >&2; exit 1; }
done
for archive in *.deb; do
    dpkg -x "$archive" unpacked
done
rm -f ./*.deb
touch complete
