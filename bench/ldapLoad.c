/*
 * The same work by libldap: one bound connection, requests in flight on it side by side, as bench/ldapLoad.js does it
 * with ldapts. One line on standard input is one slice of work, one line on standard output its result.
 *
 *   LDAP_PASSWORD=… ldapLoad URL BINDDN CONTAINER ELSEWHERE PEOPLE
 *   > operation in-flight milliseconds
 *   < done failed elapsedMs latencyMs latencyMs ...
 */
#define LDAP_DEPRECATED 0
#include <ldap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MOST_LANES 256
#define LONGEST 256

enum operation { CREATE, LOOK_UP, READ, PATCH, DELETE };

struct lane {
  int message;
  double begun;
};

static LDAP *ld;
static const char *container, *elsewhere;
static long people;
static long turn;
static long created, removed;

static double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec * 1e3 + at.tv_nsec / 1e6;
}

static void check(int code, const char *what) {
  if (code == LDAP_SUCCESS) return;
  fprintf(stderr, "%s: %s\n", what, ldap_err2string(code));
  exit(1);
}

/* The same step as in the other loads: neighbours in time are far apart in the directory. */
static long next(void) { return ++turn * 7919; }

static void nameResident(char *uid, size_t size) { snprintf(uid, size, "resident%07ld", next() % people); }

static void nameCreated(char *uid, size_t size, long number) {
  snprintf(uid, size, "clib%ldx%ld", (long)getpid(), number);
}

static int sendAdd(const char *dn, const char *uid) {
  char sn[LONGEST], display[LONGEST], mail[LONGEST];
  snprintf(sn, sizeof sn, "Family %s", uid);
  snprintf(display, sizeof display, "Given Family %s", uid);
  snprintf(mail, sizeof mail, "%s@example.com", uid);
  const char *pairs[][2] = {{"objectClass", "inetOrgPerson"}, {"uid", uid}, {"cn", display}, {"givenName", "Given"},
                            {"sn", sn}, {"displayName", display}, {"mail", mail}, {"title", "Engineer"},
                            {"employeeNumber", uid}, {"departmentNumber", "Research"}};
  enum { COUNT = sizeof pairs / sizeof *pairs };
  LDAPMod mods[COUNT], *list[COUNT + 1] = {0};
  char *values[COUNT][2] = {{0}};
  for (int i = 0; i < COUNT; i++) {
    values[i][0] = (char *)pairs[i][1];
    mods[i] = (LDAPMod){.mod_op = LDAP_MOD_ADD, .mod_type = (char *)pairs[i][0], .mod_values = values[i]};
    list[i] = &mods[i];
  }
  int message;
  check(ldap_add_ext(ld, dn, list, NULL, NULL, &message), "add");
  return message;
}

static int sendPatch(const char *dn) {
  char title[LONGEST];
  snprintf(title, sizeof title, "Engineer %ld", next());
  char *values[] = {title, NULL};
  LDAPMod mod = {.mod_op = LDAP_MOD_REPLACE, .mod_type = "title", .mod_values = values}, *list[] = {&mod, NULL};
  int message;
  check(ldap_modify_ext(ld, dn, list, NULL, NULL, &message), "modify");
  return message;
}

static int sendSearch(const char *base, int scope, const char *filter) {
  int message;
  check(ldap_search_ext(ld, base, scope, filter, NULL, 0, NULL, NULL, NULL, 0, &message), "search");
  return message;
}

static int begin(enum operation operation) {
  char uid[LONGEST / 4], dn[LONGEST], filter[LONGEST];
  int message;
  if (operation == CREATE) nameCreated(uid, sizeof uid, created++);
  else if (operation == DELETE) nameCreated(uid, sizeof uid, removed++);
  else nameResident(uid, sizeof uid);
  snprintf(dn, sizeof dn, "uid=%s,%s", uid, operation == PATCH ? elsewhere : container);
  switch (operation) {
    case CREATE: return sendAdd(dn, uid);
    case PATCH: return sendPatch(dn);
    case READ: return sendSearch(dn, LDAP_SCOPE_BASE, "(objectClass=*)");
    case LOOK_UP:
      snprintf(filter, sizeof filter, "(mail=%s@example.com)", uid);
      return sendSearch(container, LDAP_SCOPE_SUBTREE, filter);
    case DELETE: break;
  }
  check(ldap_delete_ext(ld, dn, NULL, NULL, &message), "delete");
  return message;
}

/* Waits for the end of any operation; the number of its message, and whether it did what it should. */
static int settle(enum operation operation, int *succeeded) {
  LDAPMessage *result;
  int code = LDAP_OTHER;
  if (ldap_result(ld, LDAP_RES_ANY, LDAP_MSG_ALL, NULL, &result) < 0) check(LDAP_SERVER_DOWN, "result");
  int message = ldap_msgid(result), entries = ldap_count_entries(ld, result);
  LDAPMessage *last = result;
  for (LDAPMessage *one = ldap_first_message(ld, result); one; one = ldap_next_message(ld, one)) last = one;
  check(ldap_parse_result(ld, last, &code, NULL, NULL, NULL, NULL, 0), "parse");
  *succeeded = code == LDAP_SUCCESS && (operation == CREATE || operation == PATCH || operation == DELETE || entries == 1);
  ldap_msgfree(result);
  return message;
}

static void slice(enum operation operation, int lanes, double ms) {
  struct lane running[MOST_LANES] = {{0}};
  double start = now(), *latencies = NULL;
  long done = 0, failed = 0, room = 0;
  int inFlight = 0;
  if (lanes > MOST_LANES) lanes = MOST_LANES;
  for (;;) {
    for (int i = 0; i < lanes && now() - start < ms; i++) {
      if (running[i].message != 0 || (operation == DELETE && removed >= created)) continue;
      running[i] = (struct lane){.begun = now()};
      running[i].message = begin(operation);
      inFlight++;
    }
    if (inFlight == 0) break;
    int succeeded, message = settle(operation, &succeeded);
    for (int i = 0; i < lanes; i++) {
      if (running[i].message != message) continue;
      if (done + failed == room) latencies = realloc(latencies, (room = room * 2 + 1024) * sizeof *latencies);
      if (latencies == NULL) exit(1);
      if (succeeded) latencies[done++] = now() - running[i].begun;
      else failed++;
      running[i].message = 0;
      inFlight--;
    }
  }
  printf("%ld %ld %.3f", done, failed, now() - start);
  for (long i = 0; i < done; i++) printf(" %.3f", latencies[i]);
  printf("\n");
  fflush(stdout);
  free(latencies);
}

static enum operation operationNamed(const char *name) {
  const char *names[] = {"create", "look-up", "read", "patch", "delete"};
  for (int i = 0; i < 5; i++)
    if (strcmp(name, names[i]) == 0) return i;
  fprintf(stderr, "There is no %s in LDAP\n", name);
  exit(1);
}

int main(int count, char **arguments) {
  char name[32];
  int lanes, version = LDAP_VERSION3;
  double ms;
  char *secret = getenv("LDAP_PASSWORD");
  if (count != 6 || secret == NULL) return 2;
  container = arguments[3];
  elsewhere = arguments[4];
  people = atol(arguments[5]);
  check(ldap_initialize(&ld, arguments[1]), "initialize");
  ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version);
  struct berval password = {.bv_val = secret, .bv_len = strlen(secret)};
  check(ldap_sasl_bind_s(ld, arguments[2], LDAP_SASL_SIMPLE, &password, NULL, NULL, NULL), "bind");
  while (scanf("%31s %d %lf", name, &lanes, &ms) == 3) slice(operationNamed(name), lanes, ms);
  ldap_unbind_ext_s(ld, NULL, NULL);
  return 0;
}
