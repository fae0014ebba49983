#!/bin/sh
# Takes out of a virtual environment what an image never uses: what installs and tests packages,
# sources of translations, AWS services other than S3 and its log-in, and the parts of Arrow for
# other stores and servers.
set -eu
cd "$1"/lib/python3*/site-packages
rm -rf "$1"/bin/pip* pip pip-* setuptools setuptools-* wheel wheel-* pkg_resources _distutils_hack \
    distutils-precedence.pth
find . -type d -name tests -prune -exec rm -rf {} +
find . -name '*.po' -delete
find botocore/data -mindepth 1 -maxdepth 1 -type d \
    ! -name s3 ! -name sts ! -name 'sso*' ! -name signin -exec rm -rf {} +
rm -rf pyarrow/include pyarrow/src
rm -f pyarrow/libarrow*flight* pyarrow/_flight.* pyarrow/libarrow_s3.* pyarrow/_s3fs.*
"$1"/bin/python -c 'import pyarrow.csv, pyarrow.parquet'
