"""The wiring: keys made once and kept, a database of the right schema, settings that fit what the database knows."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from digest.database import Database
from digest.deliver import dkim_keys
from digest.errors import DatabaseNotReady, SettingsError, UnknownNewsletter
from digest.model.newsletter import Newsletter
from digest.services import Keyring
from digest.store import editions
from subscribers.model import FingerprintCheck
from tests.conftest import MakeServices
from tests.flow.walk import subscribe


def test_two_installations_have_keys_of_their_own(tmp_path: Path) -> None:
    one, other = Keyring.open(tmp_path / "one"), Keyring.open(tmp_path / "other")

    assert one.fingerprint != other.fingerprint
    assert one.tokens != other.tokens
    assert one.message != other.message


def test_processes_that_start_at_once_agree_on_their_keys(tmp_path: Path) -> None:
    barrier, found = threading.Barrier(8), []

    def start() -> None:
        barrier.wait()
        found.append(Keyring.open(tmp_path / "state"))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert all(keys == found[0] for keys in found)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"tokens": ["no hex"], "fingerprint": "", "message": ""}', "\x00"]
)
def test_damaged_keys_are_never_replaced_by_new_ones(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(content, encoding="utf-8")

    with pytest.raises(SettingsError, match=r"keys\.json is damaged .*; bring it back from your backup"):
        Keyring.open(tmp_path)

    assert path.read_text(encoding="utf-8") == content


def test_a_state_folder_that_is_a_file_is_told_plainly(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("", encoding="utf-8")

    with pytest.raises(SettingsError, match="cannot be used"):
        Keyring.open(tmp_path / "state")


def test_an_empty_database_is_filled(make_services: MakeServices, tmp_path: Path) -> None:
    services = make_services(f"sqlite:///{tmp_path}/fresh/digest.db")

    with services.reading() as session:
        found = editions.recent(session, "morning")

    assert (tmp_path / "fresh" / "digest.db").exists()
    assert found == []


def test_a_database_of_another_schema_is_left_alone(make_services: MakeServices, sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    database.close()

    with pytest.raises(DatabaseNotReady, match=r"has schema 0000, .*make a copy of it, then run `digest db upgrade`"):
        make_services(sqlite_url)


def test_a_database_of_a_later_version_is_left_alone_and_not_said_to_be_upgradable(database_url: str) -> None:
    database = Database(database_url)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    for start in (database.upgrade, database.prepare):
        with pytest.raises(DatabaseNotReady, match=r"has schema 9999, newer than .*start the version that made it"):
            start()

    database.close()


def test_a_file_that_is_no_database_is_told_plainly(make_services: MakeServices, tmp_path: Path) -> None:
    (tmp_path / "digest.db").write_bytes(b"not a database at all, but long enough to be looked at " * 100)

    with pytest.raises(DatabaseNotReady, match=r"check \[database\] url"):
        make_services(f"sqlite:///{tmp_path}/digest.db")


def test_own_templates_come_before_the_packaged_ones(
    make_services: MakeServices, sqlite_url: str, tmp_path: Path
) -> None:
    (tmp_path / "own" / "digest").mkdir(parents=True)
    (tmp_path / "own" / "digest" / "body.txt").write_text("our own words", encoding="utf-8")
    services = make_services(sqlite_url, more='templates = "own"')

    templates = services.environment(services.newsletter("morning"))

    assert templates.get_template("digest/body.txt").render() == "our own words"
    assert templates.get_template("digest/body.mjml").filename != str(tmp_path / "own" / "digest" / "body.mjml")


def test_a_newsletter_that_does_not_exist_is_named(make_services: MakeServices, sqlite_url: str) -> None:
    services = make_services(sqlite_url)

    assert isinstance(services.newsletter("morning"), Newsletter)
    with pytest.raises(UnknownNewsletter, match='no newsletter "evening"'):
        services.newsletter("evening")


def test_mail_is_signed_for_the_domains_that_have_a_key(
    make_services: MakeServices, sqlite_url: str, tmp_path: Path
) -> None:
    dkim_keys.write(dkim_keys.make_rsa(), tmp_path / "dkim.pem")
    services = make_services(
        sqlite_url, more_top='[[dkim]]\ndomain = "Example.org"\nselector = "d202611"\nkey_file = "dkim.pem"'
    )

    (relay,) = services.settings.relays
    found = services.seal("news.example.org", relay)

    assert found is not None
    assert [(signer.domain, signer.selector) for signer in found.signers.signers] == [("example.org", "d202611")]
    assert services.seal("other.example", relay) is None


def test_another_key_is_refused_also_where_nobody_is_left_to_compare_with(
    make_services: MakeServices, database_url: str, tmp_path: Path
) -> None:
    make_services(database_url)
    make_services(database_url)
    (tmp_path / "state" / "keys.json").unlink()

    with pytest.raises(SettingsError, match=r"keys\.json is not the one that this database was begun with"):
        make_services(database_url)


def test_a_database_of_before_the_check_was_kept_takes_the_key_that_fits_its_readers(
    make_services: MakeServices, database_url: str, tmp_path: Path
) -> None:
    services = make_services(database_url)
    subscribe(services, "ana")
    with services.session() as session:
        session.execute(delete(FingerprintCheck))
    keys = tmp_path / "state" / "keys.json"
    right = keys.read_text(encoding="utf-8")

    keys.unlink()
    with pytest.raises(SettingsError, match="is not the one"):
        make_services(database_url)
    keys.write_text(right, encoding="utf-8")
    make_services(database_url)

    with services.reading() as session:
        assert len(session.scalars(select(FingerprintCheck)).all()) == 1


def test_keys_that_cannot_sign_are_told_at_start(make_services: MakeServices, sqlite_url: str) -> None:
    tables = [
        f'[[dkim]]\ndomain = "{name}.example"\nselector = "s"\nkey_file = "config.toml"\n' for name in ("one", "two")
    ]

    with pytest.raises(SettingsError) as caught:
        make_services(sqlite_url, more_top="".join(tables))

    assert [fault.split(": ")[0] for fault in caught.value.faults] == ["[dkim] one.example", "[dkim] two.example"]
    assert "PRIVATE" not in str(caught.value)
