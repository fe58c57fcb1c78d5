/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/json_pick.h"

#include <string.h>

#include "fhir/json_walk.h"

enum err_code
json_pick_init(struct json_pick *p, const char *s, size_t n, struct err *e)
{
	enum err_code code = json_scan_text(s, n, &p->checked, e);

	p->s = s;
	if (code == ERR_OK && s[p->checked.value.at] != '{')
		code = err_set(e, ERR_NOT_JSON, "no JSON object");
	return code;
}

bool
json_pick_string(
    const struct json_pick *p, const char *name, char *buf, size_t size)
{
	struct json_range r;

	buf[0] = '\0';
	if (!json_walk_member(p->s, p->checked.value, name, NULL, &r) ||
	    p->s[r.at] != '"' || r.n - 2 >= size)
		return false;
	buf[json_unescape(p->s + r.at + 1, r.n - 2, buf)] = '\0';
	return true;
}

bool
json_pick_int(const struct json_pick *p, const char *name, int64_t *ret)
{
	char text[20] = "";
	struct json_range r;
	int64_t v = 0;
	size_t n;

	if (!json_walk_member(p->s, p->checked.value, name, NULL, &r))
		return false;
	if (p->s[r.at] == '"')
		json_pick_string(p, name, text, sizeof(text));
	else if (r.n < sizeof(text))
		memcpy(text, p->s + r.at, r.n);
	n = strspn(text, "0123456789");
	if (n == 0 || text[n] != '\0' || n > 18)
		return false;
	for (size_t i = 0; i < n; i++)
		v = v * 10 + (text[i] - '0');
	*ret = v;
	return true;
}
