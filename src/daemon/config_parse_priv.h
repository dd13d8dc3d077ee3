/* Between the files that read a configuration file. */
#ifndef MARU_CONFIG_PARSE_PRIV_H
#define MARU_CONFIG_PARSE_PRIV_H

#include "config_priv.h"

#include <libconfig.h>

struct parse {
    const char *file; /* as messages name it */
    struct config *config;
    struct config_report *report;
    size_t mistakes;
};

/* Reports "FILE:LINE: KEY: expected …"; line 0 is left out. */
void parse_mistake(struct parse *parse, unsigned line, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

unsigned parse_line(const config_setting_t *setting);
bool parse_number(const config_setting_t *setting, uint32_t min, uint32_t max, uint32_t *ret_value);
bool parse_text_value(const config_setting_t *setting, struct str *ret_value);

/* A list of texts; false, with *words empty, where it is none or one is not valid. */
bool parse_words(const config_setting_t *setting, size_t max, bool (*valid)(struct str value),
                 struct config_words *words);

/* The lists of groups. */
void parse_listeners(struct parse *parse, const config_setting_t *list);
void parse_operators(struct parse *parse, const config_setting_t *list);
void parse_gateways(struct parse *parse, const config_setting_t *list);

#endif
