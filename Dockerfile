# Two stages: the assets from npm, then the application as an unprivileged user.
FROM node:24-slim AS assets
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund

FROM python:3.11-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PATH=/app/.venv/bin:$PATH
WORKDIR /app
RUN useradd --system --create-home magmanager
COPY requirements.lock ./
RUN python -m venv .venv && pip install --no-cache-dir --require-hashes --no-deps -r requirements.lock
COPY . .
COPY --from=assets /app/node_modules node_modules
# Collecting needs settings, not secrets; nothing of these values stays in the image.
RUN SECRET_KEY=build-only FIELD_ENCRYPTION_KEYS=build:YnVpbGQtb25seS1idWlsZC1vbmx5LWJ1aWxkLW9ubHk= \
    DATABASE_URL=sqlite:////tmp/build.sqlite3 python manage.py collectstatic --noinput -v 0 -i 'tabler-*' -i '*.rtl.*' \
    && mkdir -p var && chown -R magmanager var
USER magmanager
EXPOSE 8000
CMD ["gunicorn", "magmanager.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", "--threads", "4", "--timeout", "60"]
