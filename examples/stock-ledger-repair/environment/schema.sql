-- Foreign keys are left out of movements on purpose: scanners send what they please.
CREATE TABLE sites (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL UNIQUE
);

CREATE TABLE items (
    sku TEXT PRIMARY KEY,
    unit TEXT NOT NULL
);

CREATE TABLE sku_aliases (
    old_sku TEXT PRIMARY KEY,
    new_sku TEXT NOT NULL
);

CREATE TABLE movements (
    id INTEGER PRIMARY KEY,
    sku TEXT NOT NULL,
    site_id INTEGER,
    kind TEXT NOT NULL CHECK (kind IN ('receipt', 'issue', 'transfer_in', 'transfer_out', 'count')),
    qty INTEGER NOT NULL,
    moved_at TEXT NOT NULL,
    scan_ref TEXT
);

CREATE TABLE quarantine (
    movement_id INTEGER PRIMARY KEY,
    reason TEXT NOT NULL CHECK (reason IN ('unknown sku', 'unknown site', 'zero quantity', 'negative count'))
);
