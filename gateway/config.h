/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration: one INI file, every option a row of options.def.
 *
 * A section `[server "name"]` describes a FHIR server; there may be several.
 * An unknown section or key, a key given twice and a value out of bounds are
 * errors that name the line.  Secrets stand in files of their own.
 */
#ifndef RESCAN_CONFIG_H
#define RESCAN_CONFIG_H

#include "fhir/client.h"
#include "gateway/assess.h"
#include "mappings/from_fhir.h"
#include "mappings/timeline.h"

struct config_list {
	const char *const *items;
	size_t n;
};

struct config_server {
	const char *name;
	int line;                         /* of its section, for messages */
	const char *base_url;             /* no slash at its end */
	const char *auth; /* "none", "bearer", "basic", "smart" */
	const char *ca_file, *token_file; /* or NULL, and so on */
	const char *basic_file, *client_id, *key_file, *token_url;
	const char *key_id, *alg; /* "" when not given */
	struct config_list scopes;
	const char *pin_sha256, *client_cert_file, *client_key_file;
	const char *proxy, *proxy_auth_file;
	bool http2;
	struct config_list trusted_origins;
	bool poll;
	const char *profile;      /* or NULL */
	const char *profile_base; /* whom that describes, or NULL */
	int lag_s;
	bool sort, if_none_exist, if_match;
	struct config_list accepts;
	const char *post_search; /* "auto", "yes", "no" */
	int page_count, url_max, max_pages, max_body_mb;
	int connect_timeout_s, idle_timeout_s, total_timeout_s;
	int retries, backoff_ms;
	int requests_per_minute, requests_per_day;
	int breaker_failures, breaker_pause_s;
	const char *mode, *roster; /* roster: or NULL, as those below */
	int roster_refresh_s, roster_max;
	struct config_panel {
		const char *imagingstudy, *observation, *medication;
	} panel;
	const char *last_updated; /* "auto", "yes", "no" */
	int window_days;
	const char *bulk_group;
	int bulk_interval_s, bulk_wait_s, bulk_max_line_kb, bulk_max_file_mb;
};

/* The listener for notifications. */
struct config_serve {
	const char *listen;
	int port;
	const char *cert_file, *key_file, *secret_file; /* or NULL */
	int timeout_s, max_connections;
};

/* Made by config_load or config_defaults; everything lives in its arena. */
struct config {
	struct arena *arena;
	LIST_OF(struct config_server) servers;
	int poll_interval_s, poll_overlap_s, poll_backoff_max_s;
	int poll_max_references;
	int poll_max_lag_s, poll_sweep_hours, poll_sweep_patients;
	const char *poll_nudge_file; /* or NULL */
	struct config_list poll_types, poll_irae_types;
	const char *store_path;
	int store_lease_s;
	const char *maps_dir, *maps_extra_dir; /* "" when not given */
	struct config_list readers; /* those of mapping and timeline, too */
	struct mapping_options mapping;
	struct timeline_options timeline;
	struct assess_options assess; /* as_of is DAY_NONE */
	const char *capture_dir; /* or NULL */
	bool capture_redact;
	bool write_enabled;
	bool write_removes; /* no option: the probe's */
	struct config_list write_types;
	const char *write_fallback; /* name of a server, or NULL */
	int write_retry_min_s, write_retry_max_s;
	struct config_serve serve;
	const char *metrics_file; /* or NULL */
};

/* Read a file; path NULL gives the defaults (no server).  Errors: ERR_IO,
 * ERR_CONFIG with "file:line: …". */
enum err_code config_load(
    const char *path, struct config **ret, struct err *e) MUST_CHECK;
struct config *config_defaults(void);
/* The defaults, with one server "url" at that address.  ERR_CONFIG. */
enum err_code config_for_url(
    const char *url, struct config **ret, struct err *e) MUST_CHECK;
void config_free(struct config *c); /* NULL is fine */

/* The server of that name, or the only one when name is NULL.  Errors:
 * ERR_CONFIG (none, several, no base_url). */
enum err_code config_server(const struct config *c, const char *name,
    const struct config_server **ret, struct err *e) MUST_CHECK;

/* The same as the HTTP client wants it, without authorization
 * (gateway/connect.h); borrows from s. */
struct client_options config_client(const struct config_server *s);

bool config_list_has(const struct config_list *l, const char *item);

/* A commented file of all options at their defaults. */
void config_print_defaults(FILE *out);

#endif
