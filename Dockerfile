# One image for web, workers, beat and migrations; docker-compose.yml says which one a container is.
ARG PYTHON=python:3.13-slim

FROM ${PYTHON} AS packages
# Where the network re-signs TLS, give its authorities: docker build --build-arg EXTRA_CA="$(base64 -w0 ca.pem)" .
# They stay in this step; the image that runs never holds them.
ARG EXTRA_CA=""
COPY requirements.lock /tmp/
RUN python3 -m venv /opt/reviewapp \
    && if [ -n "$EXTRA_CA" ]; then \
           { cat /etc/ssl/certs/ca-certificates.crt; echo "$EXTRA_CA" | base64 -d; } > /tmp/ca.pem; \
           export PIP_CERT=/tmp/ca.pem; \
       fi \
    && /opt/reviewapp/bin/python -m pip install --no-cache-dir --require-hashes -r /tmp/requirements.lock

FROM ${PYTHON}
ENV PATH=/opt/reviewapp/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=reviewapp.settings \
    REVIEWAPP_DATA=/data
RUN groupadd --gid 10001 reviewapp \
    && useradd --uid 10001 --gid reviewapp --no-create-home --home-dir /data reviewapp \
    && install -d -o reviewapp -g reviewapp /data /app
COPY --from=packages /opt/reviewapp /opt/reviewapp
WORKDIR /app
COPY . .
USER reviewapp
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "reviewapp.wsgi:application", "--bind", "0.0.0.0:8000", "--no-control-socket", \
     "--worker-class", "reviewapp.webworker.Worker", "--workers", "3", "--threads", "4", "--keep-alive", "75"]
