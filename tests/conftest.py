"""What holds for every test."""

from hypothesis import settings

settings.register_profile("patient", deadline=None)  # a busy machine is slow now and then, and that is no fault
settings.load_profile("patient")
