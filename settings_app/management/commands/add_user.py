"""`manage.py add_user EMAIL --name NAME --role ROLE`: the first person of an installation, or one more."""

from __future__ import annotations

import getpass
import sys
from typing import Any

from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction

from magmanager.common.permissions import EVERYONE
from settings_app import audit
from settings_app.models import User


class Command(BaseCommand):
    help = "Adds a member of staff; asks for the password, or reads it from standard input."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", required=True)
        parser.add_argument("--role", choices=EVERYONE, required=True)

    def handle(self, *, email: str, name: str, role: str, **options: Any) -> None:
        password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        person = User(email=User.objects.normalize_email(email), name=name)
        try:
            validate_email(email)
            validate_password(password, person)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        if User.objects.filter(email__iexact=email).exists():
            raise CommandError(f"{email} has an account already.")
        person.set_password(password)
        with transaction.atomic():
            person.save()
            person.groups.add(Group.objects.get(name=role))
            audit.record("user.added", person, by=None, after={"email": person.email, "role": role})
        self.stdout.write(f"{person.name} can log in as {person.email}.")
