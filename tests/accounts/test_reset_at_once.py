"""A link that is used by many at once is used once."""

from __future__ import annotations

import pytest

from cms.accounts import resetting
from cms.accounts.models import User
from tests.accounts.mailed import HERS
from tests.billing.test_at_once import MANY, at_once, kinds

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_many_at_once_one_sets_the_password():
    ann = User.objects.create_user("ann", email="ann@example.com", password=HERS)
    token = resetting.token(ann)

    def use(number: int) -> User:
        return resetting.reset(uid=str(ann.pk), token=token, new=f"battery staple {number}")

    assert kinds(at_once(use)) == {"User": 1, "LinkRefused": MANY - 1}
