"""How the admin's theme is set up: names, icons and colours."""

# The theme. A dotted path is called with the request.
UNFOLD = {
    "SITE_TITLE": "bizsuite.dashboard.branding.site_title",
    "SITE_HEADER": "bizsuite.dashboard.branding.site_title",
    "SITE_SUBHEADER": "Business Suite",
    "SITE_URL": None,
    "SITE_ICON": "bizsuite.dashboard.branding.logo",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": "bizsuite.dashboard.branding.favicon",
        }
    ],
    "STYLES": ["bizsuite.dashboard.branding.stylesheet"],
    "ENVIRONMENT": "bizsuite.dashboard.branding.environment",
    "ENVIRONMENT_TITLE_PREFIX": "bizsuite.dashboard.branding.environment_prefix",
    "LOGIN": {"image": "bizsuite.dashboard.branding.login_image"},
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "navigation": "bizsuite.dashboard.navigation.sidebar",
    },
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "8px",
    "COLORS": {
        "primary": {
            "50": "oklch(97.5% .014 190)",
            "100": "oklch(94.5% .036 188)",
            "200": "oklch(89% .07 187)",
            "300": "oklch(81% .1 186)",
            "400": "oklch(72% .115 185)",
            "500": "oklch(62% .108 187)",
            "600": "oklch(51.5% .09 190)",
            "700": "oklch(44% .076 192)",
            "800": "oklch(38% .063 194)",
            "900": "oklch(33% .052 196)",
            "950": "oklch(24% .04 198)",
        }
    },
}
