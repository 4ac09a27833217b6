"""How much one visitor may ask of the web tier, and all of a shop's visitors together."""

from pydantic import Field

from tenin.settings_section import Section

MOST = 1_000_000


class LimitsSettings(Section):
    """How many a minute, for each web process; 0: as many as come."""

    messages_by_session: int = Field(20, ge=0, le=MOST)
    messages_by_address: int = Field(60, ge=0, le=MOST)
    messages_by_shop: int = Field(1200, ge=0, le=MOST)
    sessions_by_address: int = Field(20, ge=0, le=MOST)
    sessions_by_shop: int = Field(300, ge=0, le=MOST)
    uploads_by_session: int = Field(10, ge=0, le=MOST)
    uploads_by_address: int = Field(30, ge=0, le=MOST)
    uploads_by_shop: int = Field(300, ge=0, le=MOST)
    visits_by_address: int = Field(60, ge=0, le=MOST)
    visits_by_shop: int = Field(3000, ge=0, le=MOST)
