"""An answer that differs from what a page shows is noticed; what is always new is not."""

import pytest

from tests.documentation.pages import is_shown_truly, laid_out, read_json, steps_of, with_answers

PAGE = """\
Some text.

```sh
URL=http://127.0.0.1:8000/api/v2
```

```sh
curl "$URL/accounts/1"
```

```json
{"balance": 1500.00, "created_at": "2024-01-15T10:00:00Z"}
```

```sh
curl "$URL/accounts/2"
```

And nobody may:

```sh
curl "$URL/users"
```

```json 403
```

```json example
{"not": "an answer"}
```
"""


def test_commands_are_found_with_what_is_shown_below_them():
    first, second, third = steps_of(PAGE)

    assert (first.commands, first.status) == ('curl "$URL/accounts/1"\n', None)
    assert '"balance": 1500.00' in first.answer
    assert (second.answer, second.status) == (None, None)
    assert (third.answer, third.status) == ("", 403)


def test_answers_are_put_where_others_stood():
    first, _, third = steps_of(PAGE)

    page = with_answers(PAGE, {first: "{1}\n", third: "{2}\n"})

    assert [step.answer for step in steps_of(page)] == ["{1}\n", None, "{2}\n"]
    assert page.replace("{2}\n", "").replace("{1}\n", first.answer) == PAGE


@pytest.mark.parametrize(
    ("answered", "is_true"),
    [
        ('{"balance":1500.00,"created_at":"2026-11-22T08:30:00Z"}', True),
        ('{"balance":1500.0,"created_at":"2026-11-22T08:30:00Z"}', False),
        ('{"balance":1500.01,"created_at":"2026-11-22T08:30:00Z"}', False),
        ('{"balance":1500.00,"created_at":null}', False),
        ('{"balance":1500.00}', False),
        ('{"created_at":"2026-11-22T08:30:00Z","balance":1500.00}', False),
        ('{"balance":1500.00,"created_at":"2026-11-22T08:30:00Z","more":1}', False),
    ],
)
def test_only_what_is_always_new_may_differ(answered, is_true):
    shown = steps_of(PAGE)[0].answer

    assert is_shown_truly(shown, answered) is is_true


def test_a_secret_is_always_new_and_an_empty_block_shows_nothing():
    assert is_shown_truly('{"secret": "whsec_a"}', '{"secret":"whsec_b"}')
    assert not is_shown_truly('{"secret": null}', '{"secret":"whsec_b"}')
    assert not is_shown_truly("", '{"secret":"whsec_b"}')


def test_json_is_laid_out_for_people_and_stays_the_same():
    text = '{"success":true,"data":[{"price":0.10,"name":"Tüte","tags":[]},{"price":100.00,"name":"A long name that takes much of a line","tags":["x"]}]}'

    laid = laid_out(read_json(text))

    assert '    {"price": 0.10, "name": "Tüte", "tags": []},\n' in laid
    assert read_json(laid) == read_json(text)
    assert max(map(len, laid.splitlines())) <= 92
