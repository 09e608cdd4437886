"""Settings from the environment: what is read, what is refused and in which words, and that secrets stay secret."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardmaker.errors import SettingError
from cardmaker.redis_client import RedisLink, connect
from cardmaker.settings import MIB, Settings


def read(**environment: str) -> Settings:
    return Settings.from_environment(environment)


def refusal(**environment: str) -> str:
    with pytest.raises(SettingError) as caught:
        read(**environment)
    assert caught.value.__cause__ is None
    return str(caught.value)


def test_an_empty_environment_gives_the_defaults_and_memory_alone() -> None:
    settings = read()

    assert settings == Settings()
    assert not settings.has_redis
    assert (settings.cache, settings.cache_ttl_s, settings.cache_memory_bytes) == (True, 86400.0, 256 * MIB)


def test_each_setting_is_read_as_its_kind() -> None:
    settings = read(CARDMAKER_CACHE="off", CARDMAKER_CACHE_TTL_S="3600.5", CARDMAKER_CACHE_MEMORY_BYTES=" 1000 ")

    assert (settings.cache, settings.cache_ttl_s, settings.cache_memory_bytes) == (False, 3600.5, 1000)


@pytest.mark.parametrize("text", ["", "  "])
def test_a_variable_without_content_counts_for_nothing(text: str) -> None:
    settings = read(CARDMAKER_CACHE_TTL_S=text, REDIS_URL=text, REDIS_HOST=text)

    assert settings == Settings()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("CARDMAKER_CACHE", "maybe", "write on or off"),
        ("CARDMAKER_CACHE_TTL_S", "a day", "write a number"),
        ("CARDMAKER_CACHE_TTL_S", "0", "out of range; it goes from 1 to 31536000"),
        ("CARDMAKER_CACHE_TTL_S", "inf", "out of range"),
        ("CARDMAKER_CACHE_TTL_S", "nan", "out of range"),
        ("CARDMAKER_CACHE_TTL_S", "1e300", "out of range"),
        ("CARDMAKER_LEASE_S", "1e300", "out of range"),
        ("CARDMAKER_CACHE_MEMORY_BYTES", "1.5", "write a whole number"),
        ("CARDMAKER_CACHE_MEMORY_BYTES", "-1", "-1 is out of range; it goes from 0 up"),
        ("CARDMAKER_CACHE_MEMORY_BYTES", "-" + "9" * 400, "out of range; it goes from 0 up"),
        ("CARDMAKER_CACHE_MEMORY_BYTES", "9" * 400, "out of range"),
        ("CARDMAKER_REDIS_CONNECTIONS", "0", "out of range; it goes from 1 up"),
    ],
)
def test_what_is_no_such_value_is_refused_by_the_variables_name(name: str, text: str, said: str) -> None:
    message = refusal(**{name: text})

    assert message.startswith(f"{name}: ")
    assert said in message
    assert len(message) < 150


@pytest.mark.parametrize(
    "url",
    ["redis://localhost", "rediss://localhost:6380/1", "redis://user:word@[::1]:6379/0", "unix:///run/redis.sock"],
)
def test_a_redis_url_is_taken_as_it_is(url: str) -> None:
    settings = read(REDIS_URL=f" {url} ", REDIS_HOST="elsewhere")

    assert settings.redis_url == url
    assert settings.has_redis


@pytest.mark.parametrize(
    "url",
    ["localhost:6379", "http://localhost", "redis://", "redis://:pa55word@", "redis://localhost:0", "redis://[::1",
     "redis://localhost:pa55word", "redis://:pa55word@localhost:70000"],
)  # fmt: skip
def test_what_is_no_redis_url_is_refused_without_its_words(url: str) -> None:
    message = refusal(REDIS_URL=url)

    assert message.startswith("REDIS_URL: write it like ")
    assert "pa55word" not in message


def test_a_redis_is_named_by_its_parts_too() -> None:
    settings = read(REDIS_HOST="127.0.0.1", REDIS_PORT="6380", REDIS_PASSWORD="a/b@c:d", REDIS_DB="2")

    options = connect(settings).connection_pool.connection_kwargs
    assert (options["host"], options["port"], options["db"]) == ("127.0.0.1", 6380, 2)
    assert options["password"] == "a/b@c:d"


def test_a_host_may_be_an_ipv6_address() -> None:
    options = connect(read(REDIS_HOST="::1")).connection_pool.connection_kwargs

    assert (options["host"], options["port"]) == ("::1", 6379)


@pytest.mark.parametrize(
    ("name", "text"),
    [("REDIS_PORT", "none"), ("REDIS_PORT", "-1"), ("REDIS_PORT", "0"), ("REDIS_PORT", "70000"), ("REDIS_DB", "x"),
     ("REDIS_DB", "²"), ("REDIS_HOST", "a b"), ("REDIS_HOST", "me:pa55word@there"), ("REDIS_HOST", "there/1")],
)  # fmt: skip
def test_parts_that_name_no_redis_are_refused(name: str, text: str) -> None:
    message = refusal(**{"REDIS_HOST": "localhost", name: text})

    assert name in message
    assert "pa55word" not in message


@pytest.mark.parametrize("query", ["foo=bar", "socket_timeout=soon", "ssl_cert_reqs=maybe"])
def test_an_option_in_the_url_that_redis_py_does_not_know_is_refused_at_the_start(query: str) -> None:
    settings = Settings(redis_url=f"rediss://:pa55word@localhost/0?{query}")

    with pytest.raises(SettingError, match="REDIS_URL: an option in it") as caught:
        RedisLink(settings)
    assert "pa55word" not in str(caught.value)


def test_the_check_of_options_takes_no_connection_of_the_pool() -> None:
    link = RedisLink(Settings(redis_url="redis://localhost/0", redis_connections=1))

    assert link.client.connection_pool.get_connection_count()[0][0] == 0
    link.client.connection_pool.make_connection()


def test_no_repr_tells_the_url() -> None:
    settings = Settings(redis_url="redis://:pa55word@localhost/0")

    assert "pa55word" not in repr(settings)
    assert "localhost" not in repr(settings)
    assert "pa55word" not in repr(RedisLink(settings))


NAMES = st.sampled_from(
    ["CARDMAKER_CACHE", "CARDMAKER_CACHE_TTL_S", "CARDMAKER_LEASE_S", "CARDMAKER_CACHE_VALUE_BYTES", "REDIS_URL",
     "REDIS_HOST", "REDIS_PORT", "REDIS_USERNAME", "REDIS_PASSWORD", "REDIS_DB"]
)  # fmt: skip
NUMBERS = st.one_of(st.floats().map(str), st.integers().map(str))
WORDS = st.text("az09:/@[]?#%=&.,-_ \n\x00²é", max_size=15)
TEXTS = st.one_of(NUMBERS, WORDS, WORDS.map(lambda text: f"redis://{text}"))


@given(st.dictionaries(NAMES, TEXTS))
def test_any_environment_gives_settings_that_a_client_can_be_made_of_or_a_setting_error(
    environment: dict[str, str],
) -> None:
    message = ""

    try:
        settings = Settings.from_environment(environment)
        if settings.has_redis:
            RedisLink(settings)
    except SettingError as error:
        message = str(error)

    assert "\n" not in message


@pytest.mark.parametrize("option", ["decode_responses=true", "retry=5", "socket_timeout=30", "client_name=x", "x"])
def test_what_is_ours_to_set_is_refused_in_the_address(option: str) -> None:
    with pytest.raises(SettingError, match="of options it may have") as caught:
        Settings.from_environment({"REDIS_URL": f"redis://:s3cret@localhost/0?{option}"})

    assert "s3cret" not in str(caught.value)


# -- tasks --


def test_tasks_run_locally_unless_a_broker_is_named_or_celery_is_asked_for() -> None:
    assert read().runner == "local"
    assert read(REDIS_URL="redis://localhost").runner == "local"

    asked = read(REDIS_URL="redis://localhost/1", CARDMAKER_RUNNER="Celery")
    named = read(REDIS_URL="redis://localhost/1", CELERY_BROKER_URL="redis://localhost/2")
    apart = read(CELERY_BROKER_URL="redis://localhost/2", CELERY_RESULT_BACKEND="redis://localhost/3")
    against = read(CELERY_BROKER_URL="redis://localhost/2", CARDMAKER_RUNNER="local")

    assert (asked.runner, asked.broker_url, asked.result_backend) == ("celery", *["redis://localhost/1"] * 2)
    assert (named.runner, named.redis_url, named.broker_url) == ("celery", "redis://localhost/1", "redis://localhost/2")
    assert (apart.redis_url, apart.result_backend) == ("redis://localhost/2", "redis://localhost/3")
    assert (against.runner, against.broker_url, against.redis_url) == ("local", None, None)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"CARDMAKER_RUNNER": "threads"}, "CARDMAKER_RUNNER: choose local or celery"),
        ({"CARDMAKER_RUNNER": "celery"}, "name it in REDIS_URL or CELERY_BROKER_URL"),
        ({"CELERY_BROKER_URL": "amqp://user:geheim@localhost"}, "CELERY_BROKER_URL: write it like redis://"),
        ({"CELERY_BROKER_URL": "redis://localhost", "CELERY_RESULT_BACKEND": "db+x:geheim"}, "CELERY_RESULT_BACKEND"),
        ({"CELERY_BROKER_URL": "redis://:geheim@localhost?socket_timeout=9"}, "CELERY_BROKER_URL: of options"),
        ({"CARDMAKER_TASK_ATTEMPTS": "0"}, "CARDMAKER_TASK_ATTEMPTS: 0 is out of range"),
    ],
)
def test_a_wrong_setting_of_tasks_is_refused_by_its_name(environment: dict[str, str], said: str) -> None:
    refused = refusal(**environment)

    assert said in refused
    assert "geheim" not in refused


def test_the_broker_shows_in_no_repr() -> None:
    assert "geheim" not in repr(read(CELERY_BROKER_URL="redis://:geheim@localhost"))


# -- the API --


def test_lists_are_read_in_small_letters_with_commas_between() -> None:
    settings = read(
        CARDMAKER_ALLOWED_HOSTS=" Cards.example , *.club.example,[::1],",
        CARDMAKER_TRUSTED_ORIGINS="https://A.example:8443",
    )

    assert settings.allowed_hosts == ("cards.example", "*.club.example", "[::1]")
    assert settings.trusted_origins == ("https://a.example:8443",)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("CARDMAKER_ADMIN_TOKEN", "geheim", "8 or more characters"),
        ("CARDMAKER_API_TOKEN", "geheim geheim", "no blanks"),
        ("CARDMAKER_ALLOWED_HOSTS", "http://cards.example", "names such as"),
        ("CARDMAKER_ALLOWED_HOSTS", "cards.example:8501", "names such as"),
        ("CARDMAKER_TRUSTED_ORIGINS", "cards.example", "origins such as"),
        ("CARDMAKER_TRUSTED_ORIGINS", "https://cards.example/", "origins such as"),
        ("CARDMAKER_TRUSTED_ORIGINS", "*", "origins such as"),
        ("CARDMAKER_RATE_LIMIT", "many", "60/minute"),
        ("CARDMAKER_RATE_LIMIT", "0/minute", "60/minute"),
        ("CARDMAKER_RATE_LIMIT", "5 per fortnight", "60/minute"),
        ("CARDMAKER_RENDERS_AT_ONCE", "0", "out of range"),
        ("CARDMAKER_BODY_BYTES", "512MiB", "whole number"),
    ],
)
def test_a_wrong_setting_of_the_api_is_refused_by_its_name_and_never_told(name: str, text: str, said: str) -> None:
    refused = refusal(**{name: text})

    assert refused.startswith(f"{name}: ")
    assert said in refused
    assert "geheim" not in refused


def test_tokens_show_in_no_repr() -> None:
    settings = read(CARDMAKER_ADMIN_TOKEN="geheim-und-lang", CARDMAKER_API_TOKEN="geheim-und-kurz")

    assert "geheim" not in repr(settings)
