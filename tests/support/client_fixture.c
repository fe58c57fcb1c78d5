/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/util/clock.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/client_fixture.h"

int64_t fixture_slept[FIXTURE_SLEEPS], fixture_jitter[FIXTURE_SLEEPS];
size_t fixture_n_slept, fixture_n_jitter;

static int64_t
fixed_now(void)
{
	return 0;
}

static void
note_sleep(int64_t ms)
{
	ck_assert_uint_lt(fixture_n_slept, FIXTURE_SLEEPS);
	fixture_slept[fixture_n_slept++] = ms;
}

static int64_t
note_jitter(int64_t max)
{
	ck_assert_uint_lt(fixture_n_jitter, FIXTURE_SLEEPS);
	fixture_jitter[fixture_n_jitter++] = max;
	return max;
}

const struct clock_ops fixture_clock = {
    fixed_now, fixed_now, note_sleep, note_jitter};

char fixture_token[] = "build/check_client.XXXXXX";

void
fixture_write_token(const char *text, mode_t mode)
{
	int fd = mkstemp(fixture_token);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (int)strlen(text));
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

struct client_options
fixture_options(const char *base)
{
	struct client_options o = CLIENT_DEFAULTS;

	o.base_url = base;
	o.http.ca_file = SCRIPTED_CA;
	o.http.total_timeout_ms = 3000;
	o.page_count = 2;
	o.retries = 2;
	return o;
}

struct client *
fixture_connect(const struct scripted *s, int max_pages)
{
	char base[128];
	struct client_options o;
	struct client *c = NULL;
	struct err e = ERR_INIT;

	snprintf(base, sizeof(base), "%s/fhir/", scripted_origin(s));
	fixture_write_token("planted-token\n", 0600);
	o = fixture_options(base);
	o.token_file = fixture_token;
	if (max_pages > 0)
		o.max_pages = max_pages;
	clock_replace(&fixture_clock);
	ck_assert_msg(client_new(&o, &c, &e) == ERR_OK, "%s", e.text);
	return c;
}

void
fixture_finish(struct scripted *s, struct client *c)
{
	client_free(c);
	unlink(fixture_token);
	scripted_end(s);
}

enum err_code
fixture_take_page(void *ctx, const struct client_page *page, struct err *e)
{
	struct fixture_seen *s = ctx;
	const char *path = strstr(page->url, "/fhir");

	(void)e;
	ck_assert_int_eq(page->number, (int)s->pages);
	ck_assert_str_eq(page->head->type, "searchset");
	ck_assert_uint_eq(page->len, strlen(page->body));
	s->pages++;
	s->entries += page->head->entries;
	s->last += page->last;
	s->server_ms = page->server_ms;
	if (path != NULL)
		snprintf(s->urls + strlen(s->urls),
		    sizeof(s->urls) - strlen(s->urls), "%s ", path);
	return ERR_OK;
}

enum err_code
fixture_search(struct client *c, struct fixture_seen *seen, struct err *e)
{
	memset(seen, 0, sizeof(*seen));
	return client_search(
	    c, "Observation?code=x", fixture_take_page, seen, e);
}
