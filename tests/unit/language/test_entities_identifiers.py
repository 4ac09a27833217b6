"""Order, tracking and phone numbers however they are written, and their one spelling."""

import pytest

from tenin.language.entities import IDENTIFIERS, find_entities


def valued(text: str) -> list[tuple[str, str | None]]:
    return [(entity.label, entity.value) for entity in find_entities(text)]


ORDER = "202611050318"


@pytest.mark.parametrize(
    "text",
    [
        "202611050318",
        "2026-1105-0318",
        "2026 1105 0318",
        "２０２６１１０５０３１８",
        "２０２６　１１０５　０３１８",
        "2026–1105–0318",
        "2026ー1105ー0318",
        "2026\u00a01105\u00a00318",
        "二零二六一一零五零三一八",
        "二〇二六一一〇五〇三一八",
        "二○二六一一○五○三一八",
        "两零两六幺幺零五零三幺八",
        "兩零兩六幺幺零五零三幺八",
        "貳零貳陸壹壹零伍零參壹捌",
        "二零二六、一一零五、零三一八",
        "二零二六 一一零五 零三一八",
        "订单是二零二六一一零五零三一八，麻烦查一下",
        "注文番号は二〇二六一一〇五〇三一八です",
        "2026一一零五零三一八",
        "two zero two six one one zero five zero three one eight",
        "Two oh two six, double one oh five, oh three one eight",
        "it's two-zero-two-six-one-one-zero-five-zero-three-one-eight thanks",
    ],
)
def test_an_order_number_has_one_spelling(text: str) -> None:
    assert valued(text) == [("order_number", ORDER)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("SF1591937865764", "SF1591937865764"),
        ("顺丰sf1591937865764到哪了", "SF1591937865764"),
        ("SF 1591 9378 65764", "SF1591937865764"),
        ("ＳＦ１５９１９３７８６５７６４", "SF1591937865764"),
        ("EB455824009CN", "EB455824009CN"),
        ("EB 455 824 009 CN", "EB455824009CN"),
        ("my parcel eb455824009cn", "EB455824009CN"),
        ("JDVA73214515120", "JDVA73214515120"),
        ("78385238360207", "78385238360207"),
        ("7838 5238 3602 07", "78385238360207"),
        ("YT3350341843240", "YT3350341843240"),
        ("1Z999AA10123456784", "1Z999AA10123456784"),
        ("1234-5678-9012", "123456789012"),
        ("伝票番号は４８１２３４５６７８９０です", "481234567890"),
        ("追跡番号：1234 5678 9012", "123456789012"),
        ("快递单号是9876543210123", "9876543210123"),
        ("tracking number: 00340434161094", "00340434161094"),
    ],
)
def test_a_tracking_number_is_found(text: str, value: str) -> None:
    assert valued(text) == [("tracking_number", value)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("+86 138 1234 5678", "+8613812345678"),
        ("0086-138-1234-5678", "+8613812345678"),
        ("8613812345678", "+8613812345678"),
        ("138 1234 5678", "13812345678"),
        ("一三八一二三四五六七八", "13812345678"),
        ("幺三八 幺二三四 五六七八", "13812345678"),
        ("one three eight one two three four five six seven eight", "13812345678"),
        ("090-1234-5678", "09012345678"),
        ("０９０ー１２３４ー５６７８", "09012345678"),
        ("+44 (0)20 7946 0018", "+442079460018"),
    ],
)
def test_a_phone_number_is_digits_with_its_plus(text: str, value: str) -> None:
    assert valued(text) == [("phone", value)]


def test_an_address_is_small_and_plain() -> None:
    assert valued("Ｍｅ＠Ｅｘａｍｐｌｅ．ｃｏｍ") == [("email", "me@example.com")]


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1111",
        "4111111111111111",
        "2026 1105 0318 0042",
        "3782 822463 10005",
        "二百三十",
        "一二三四五六七",
        "on 123 456 789 at",
        "one two three",
        "one two three four five six seven",
        "ISBN 123",
    ],
)
def test_other_numbers_are_no_identifiers(text: str) -> None:
    assert not [label for label, _ in valued(text) if label in IDENTIFIERS]


def test_a_number_said_to_be_a_parcels_is_still_the_orders_if_it_is_one() -> None:
    assert valued("快递单号202611050318") == [("order_number", ORDER)]


@pytest.mark.parametrize(
    "value", [ORDER, "SF1591937865764", "EB455824009CN", "+8613812345678", "me@example.com"]
)
def test_a_value_is_its_own_value(value: str) -> None:
    assert [found for _, found in valued(value)] == [value]
