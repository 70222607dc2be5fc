//! Backups of running services, and putting them back.
