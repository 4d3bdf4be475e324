from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bookings", "0003_rules_of_the_tables")]

    operations = [
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "confirmed")),
                fields=("issue", "position"),
                name="booking_position_once_per_issue",
            ),
        ),
    ]
