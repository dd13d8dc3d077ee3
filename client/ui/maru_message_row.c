/* One message in the list, drawn from cached layouts. Main thread. */
#include "maru_message_row.h"

#include "irc_text.h"
#include "maru_avatar.h"
#include "message_words.h"
#include "nick_color.h"

#include <glib/gi18n.h>
#include <stdbool.h>

enum {
    AVATAR = 36,
    MARGIN = 14,
    TEXT_X = MARGIN + AVATAR + 12,
    GROUP_GAP = 10,  /* above a row with a name */
    LINE_GAP = 2,    /* above and below every row */
    DAY_HEIGHT = 40, /* of the separator between days */
    CARD_PAD = 10,   /* inside announcements and private messages */
    EDGE_PAD = 12,   /* above and below the rows of gaps */
    MARK = 14,       /* the mark of what is not stored */
    SPINNER = 16,
    WIDTH_MIN = 180,
};

struct _MaruMessageRow {
    GtkWidget parent_instance;
    MaruMessage *message;
    int select_from;
    int select_to;

    /* Made when first needed, dropped when message, style or selection change. */
    PangoLayout *letter;
    PangoLayout *head; /* name and time, or the time alone in the margin */
    PangoLayout *body;
    PangoLayout *foot; /* what became of it, where that is not the usual */
    PangoLayout *day;
    int body_width;
    GtkWidget *spinner; /* while a gap is loading; NULL else */
    bool lit;
};

G_DEFINE_FINAL_TYPE(MaruMessageRow, maru_message_row, GTK_TYPE_WIDGET)

/* How a row is laid out follows from its message alone. */
struct shape {
    bool card;  /* tinted, with a heading */
    bool named; /* avatar and a heading above the text */
    bool small; /* quiet text, time in the margin */
    bool edge;  /* a gap or the beginning: quiet, in the middle, without a time */
    bool mark;  /* delivered, but not stored */
};

static struct shape shape_of(MaruMessage *message)
{
    struct shape shape = {0};
    switch (maru_message_record(message)->kind) {
    case MESSAGE_TEXT:
    case MESSAGE_NOTICE:
        shape.named = !maru_message_is_continued(message);
        break;
    case MESSAGE_ANNOUNCEMENT:
    case MESSAGE_DIRECT:
        shape.card = true;
        break;
    case MESSAGE_ACTION:
        break;
    case MESSAGE_GAP:
    case MESSAGE_BEGINNING:
        shape.edge = true;
        break;
    default:
        shape.small = true;
    }
    shape.mark = maru_message_record(message)->state == MESSAGE_NOT_STORED;
    return shape;
}

static void add_attr(PangoAttrList *attrs, PangoAttribute *attr, size_t from, size_t to)
{
    attr->start_index = (guint)from;
    attr->end_index = (guint)to;
    pango_attr_list_insert(attrs, attr);
}

static PangoAttribute *foreground(const GdkRGBA *color)
{
    return pango_attr_foreground_new((guint16)(color->red * 65535), (guint16)(color->green * 65535),
                                     (guint16)(color->blue * 65535));
}

static void add_faint(PangoAttrList *attrs, size_t from, size_t to)
{
    add_attr(attrs, pango_attr_scale_new(0.85), from, to);
    add_attr(attrs, pango_attr_foreground_alpha_new(65535 * 6 / 10), from, to);
}

static void make_head(MaruMessageRow *self, const struct message *record, struct shape shape)
{
    g_autofree char *time = message_words_clock(record->time_us);
    g_autofree char *name =
        shape.named || shape.card ? message_words_heading(record) : g_strdup("");
    g_autofree char *text =
        name[0] != '\0' ? g_strdup_printf("%s  %s", name, time) : g_strdup(time);
    size_t name_len = strlen(name);
    self->head = gtk_widget_create_pango_layout(GTK_WIDGET(self), text);
    pango_layout_set_ellipsize(self->head, PANGO_ELLIPSIZE_MIDDLE);
    PangoAttrList *attrs = pango_attr_list_new();
    add_attr(attrs, pango_attr_weight_new(PANGO_WEIGHT_BOLD), 0, name_len);
    if (record->sender[0] != '\0' && !shape.card) {
        GdkRGBA color = nick_color_text(record->sender, nick_color_is_dark(GTK_WIDGET(self)));
        add_attr(attrs, foreground(&color), 0, name_len);
    }
    add_faint(attrs, name_len, strlen(text));
    pango_layout_set_attributes(self->head, attrs);
    pango_attr_list_unref(attrs);
}

static void add_links(PangoAttrList *attrs, const char *text, bool dark)
{
    GdkRGBA color;
    gdk_rgba_parse(&color, dark ? "#78aeed" : "#1b6acb");
    struct str link;
    for (size_t at = 0; irc_text_next_link(str_from(text), &at, &link);) {
        size_t from = (size_t)(link.p - text);
        add_attr(attrs, pango_attr_underline_new(PANGO_UNDERLINE_SINGLE), from, from + link.len);
        add_attr(attrs, foreground(&color), from, from + link.len);
    }
}

static void make_body(MaruMessageRow *self, const struct message *record, struct shape shape)
{
    bool dark = nick_color_is_dark(GTK_WIDGET(self));
    bool action = record->kind == MESSAGE_ACTION;
    g_autofree char *words = message_words_text(record);
    g_autofree char *text =
        action ? g_strdup_printf("%s %s", record->sender, words) : g_strdup(words);
    self->body = gtk_widget_create_pango_layout(GTK_WIDGET(self), text);
    pango_layout_set_wrap(self->body, PANGO_WRAP_WORD_CHAR);
    PangoAttrList *attrs = pango_attr_list_new();
    pango_attr_list_insert(attrs, pango_attr_insert_hyphens_new(FALSE));
    add_links(attrs, text, dark);
    if (action) {
        GdkRGBA color = nick_color_text(record->sender, dark);
        size_t name_len = strlen(record->sender);
        add_attr(attrs, pango_attr_weight_new(PANGO_WEIGHT_BOLD), 0, name_len);
        add_attr(attrs, foreground(&color), 0, name_len);
        add_attr(attrs, pango_attr_style_new(PANGO_STYLE_ITALIC), name_len, strlen(text));
    }
    if (record->removed) {
        add_attr(attrs, pango_attr_style_new(PANGO_STYLE_ITALIC), 0, strlen(text));
    }
    if (shape.edge) {
        pango_layout_set_alignment(self->body, PANGO_ALIGN_CENTER);
    }
    if (shape.small || shape.edge || record->removed) {
        add_attr(attrs, pango_attr_scale_new(0.92), 0, strlen(text));
        add_attr(attrs, pango_attr_foreground_alpha_new(65535 * 7 / 10), 0, strlen(text));
    }
    if (self->select_from != self->select_to) {
        size_t from = (size_t)MIN(self->select_from, self->select_to);
        size_t to = (size_t)MAX(self->select_from, self->select_to);
        add_attr(attrs, pango_attr_background_new(0x3535, 0x8484, 0xe4e4), from, to);
        add_attr(attrs, pango_attr_foreground_new(65535, 65535, 65535), from, to);
    }
    pango_layout_set_attributes(self->body, attrs);
    pango_attr_list_unref(attrs);
    self->body_width = -1;
}

static PangoLayout *make_small(MaruMessageRow *self, char *text)
{
    PangoLayout *layout = gtk_widget_create_pango_layout(GTK_WIDGET(self), text);
    PangoAttrList *attrs = pango_attr_list_new();
    pango_attr_list_insert(attrs, pango_attr_scale_new(0.85));
    pango_layout_set_attributes(layout, attrs);
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    pango_attr_list_unref(attrs);
    g_free(text);
    return layout;
}

static void underline_end(PangoLayout *layout, size_t len)
{
    size_t end = strlen(pango_layout_get_text(layout));
    PangoAttrList *attrs = pango_attr_list_copy(pango_layout_get_attributes(layout));
    add_attr(attrs, pango_attr_underline_new(PANGO_UNDERLINE_SINGLE), end - len, end);
    pango_layout_set_attributes(layout, attrs);
    pango_attr_list_unref(attrs);
}

static void make_layouts(MaruMessageRow *self)
{
    if (self->body != NULL || self->message == NULL) {
        return;
    }
    const struct message *record = maru_message_record(self->message);
    struct shape shape = shape_of(self->message);
    make_body(self, record, shape);
    if (self->head == NULL && !shape.edge && !maru_message_is_continued(self->message)) {
        make_head(self, record, shape);
    }
    if (self->letter == NULL && shape.named) {
        self->letter = maru_avatar_letter(GTK_WIDGET(self), record->sender, AVATAR);
    }
    char *foot = message_words_foot(record);
    if (self->foot == NULL && foot != NULL) {
        /* Translators: a link behind the words on why a message was not delivered. */
        const char *again = _("Send again");
        self->foot = make_small(self, g_strdup_printf("%s · %s", foot, again));
        underline_end(self->foot, strlen(again));
    }
    g_free(foot);
    if (self->day == NULL && maru_message_starts_day(self->message)) {
        self->day = make_small(self, message_words_day(record->time_us));
    }
}

static void drop_layouts(MaruMessageRow *self)
{
    g_clear_object(&self->letter);
    g_clear_object(&self->head);
    g_clear_object(&self->body);
    g_clear_object(&self->foot);
    g_clear_object(&self->day);
}

/* Where everything lies in a row of this width. */
struct places {
    int head_y;
    int body_x;
    int body_y;
    int foot_y;
    int card_y;
    int height;
};

static int layout_height(PangoLayout *layout)
{
    int height = 0;
    if (layout != NULL) {
        pango_layout_get_pixel_size(layout, NULL, &height);
    }
    return height;
}

static struct places place(MaruMessageRow *self, int width)
{
    struct places at = {0};
    if (self->message == NULL) {
        return at;
    }
    make_layouts(self);
    struct shape shape = shape_of(self->message);
    int inner = MAX(width, WIDTH_MIN) - (shape.edge ? MARGIN : TEXT_X) - MARGIN -
                (shape.card ? CARD_PAD : 0) - (shape.mark ? MARK + 6 : 0);
    if (self->body_width != inner) {
        pango_layout_set_width(self->body, inner * PANGO_SCALE);
        self->body_width = inner;
        if (self->foot != NULL) {
            pango_layout_set_width(self->foot, inner * PANGO_SCALE);
        }
        if (self->head != NULL && (shape.named || shape.card)) {
            pango_layout_set_width(self->head, inner * PANGO_SCALE);
        }
    }
    int y = self->day != NULL ? DAY_HEIGHT : 0;
    at.body_x = shape.edge ? MARGIN : TEXT_X;
    if (shape.edge) {
        y += EDGE_PAD;
    } else if (shape.card) {
        at.card_y = y + LINE_GAP + 4;
        y = at.card_y + CARD_PAD;
    } else {
        y += shape.named ? GROUP_GAP : LINE_GAP;
    }
    at.head_y = y;
    if (shape.named || shape.card) {
        y += layout_height(self->head) + LINE_GAP;
    }
    at.body_y = y;
    y += layout_height(self->body);
    at.foot_y = y;
    y += layout_height(self->foot);
    y += shape.edge ? EDGE_PAD : shape.card ? CARD_PAD + LINE_GAP + 4 : LINE_GAP;
    if (shape.named) {
        y = MAX(y, at.head_y + AVATAR + 2 * LINE_GAP);
    }
    at.height = y;
    return at;
}

static void maru_message_row_measure(GtkWidget *widget, GtkOrientation orientation, int for_size,
                                     int *minimum, int *natural, int *minimum_baseline,
                                     int *natural_baseline)
{
    if (orientation == GTK_ORIENTATION_HORIZONTAL) {
        *minimum = *natural = WIDTH_MIN;
    } else {
        int width = for_size > 0 ? for_size : gtk_widget_get_width(widget);
        *minimum = *natural = place(MARU_MESSAGE_ROW(widget), width).height;
    }
}

static void draw_layout(GtkSnapshot *snapshot, PangoLayout *layout, float x, float y,
                        const GdkRGBA *color)
{
    if (layout != NULL) {
        gtk_snapshot_save(snapshot);
        gtk_snapshot_translate(snapshot, &GRAPHENE_POINT_INIT(x, y));
        gtk_snapshot_append_layout(snapshot, layout, color);
        gtk_snapshot_restore(snapshot);
    }
}

static void draw_day(MaruMessageRow *self, GtkSnapshot *snapshot, int width, const GdkRGBA *text)
{
    int day_width;
    int day_height;
    pango_layout_get_pixel_size(self->day, &day_width, &day_height);
    GdkRGBA faint = *text;
    faint.alpha *= 0.7f;
    int x = (width - day_width) / 2;
    draw_layout(snapshot, self->day, (float)x, (float)(DAY_HEIGHT - day_height) / 2, &faint);
    GdkRGBA line = *text;
    line.alpha *= 0.15f;
    float y = DAY_HEIGHT / 2;
    gtk_snapshot_append_color(snapshot, &line,
                              &GRAPHENE_RECT_INIT(MARGIN, y, (float)(x - 2 * MARGIN), 1));
    gtk_snapshot_append_color(
        snapshot, &line,
        &GRAPHENE_RECT_INIT((float)(x + day_width + MARGIN), y, (float)(x - 2 * MARGIN), 1));
}

static void draw_tint(GtkSnapshot *snapshot, const char *color, graphene_rect_t bounds,
                      float radius)
{
    GskRoundedRect rounded;
    GdkRGBA tint;
    gdk_rgba_parse(&tint, color);
    gsk_rounded_rect_init_from_rect(&rounded, &bounds, radius);
    gtk_snapshot_push_rounded_clip(snapshot, &rounded);
    gtk_snapshot_append_color(snapshot, &tint, &bounds);
    gtk_snapshot_pop(snapshot);
}

static void draw_background(MaruMessageRow *self, GtkSnapshot *snapshot, struct places at,
                            int width)
{
    const struct message *record = maru_message_record(self->message);
    float top = (float)(self->day != NULL ? DAY_HEIGHT : 0);
    if (shape_of(self->message).card) {
        bool announcement = record->kind == MESSAGE_ANNOUNCEMENT;
        graphene_rect_t bounds = GRAPHENE_RECT_INIT(TEXT_X - CARD_PAD, (float)at.card_y,
                                                    (float)(width - TEXT_X - MARGIN + CARD_PAD),
                                                    (float)(at.height - at.card_y - LINE_GAP - 4));
        draw_tint(snapshot, announcement ? "rgba(245,194,17,0.22)" : "rgba(145,65,172,0.16)",
                  bounds, 10);
        bounds.size.width = 4;
        draw_tint(snapshot, announcement ? "#e5a50a" : "#9141ac", bounds, 2);
    } else if (record->mentions_me || self->lit) {
        draw_tint(snapshot, "rgba(53,132,228,0.13)",
                  GRAPHENE_RECT_INIT(4, top, (float)(width - 8), (float)at.height - top), 6);
    }
}

static graphene_rect_t mark_place(struct places at, int width)
{
    return GRAPHENE_RECT_INIT((float)(width - MARGIN - MARK), (float)at.body_y + 2, MARK, MARK);
}

static void draw_mark(GtkWidget *widget, GtkSnapshot *snapshot, graphene_rect_t where,
                      const GdkRGBA *text)
{
    GtkIconTheme *icons = gtk_icon_theme_get_for_display(gtk_widget_get_display(widget));
    g_autoptr(GtkIconPaintable) icon = gtk_icon_theme_lookup_icon(
        icons, "maru-not-stored-symbolic", NULL, MARK, gtk_widget_get_scale_factor(widget),
        gtk_widget_get_direction(widget), GTK_ICON_LOOKUP_FORCE_SYMBOLIC);
    GdkRGBA faint = *text;
    faint.alpha *= 0.55f;
    gtk_snapshot_save(snapshot);
    gtk_snapshot_translate(snapshot, &where.origin);
    gtk_symbolic_paintable_snapshot_symbolic(GTK_SYMBOLIC_PAINTABLE(icon), snapshot, MARK, MARK,
                                             &faint, 1);
    gtk_snapshot_restore(snapshot);
}

static void maru_message_row_snapshot(GtkWidget *widget, GtkSnapshot *snapshot)
{
    MaruMessageRow *self = MARU_MESSAGE_ROW(widget);
    if (self->message == NULL) {
        return;
    }
    int width = gtk_widget_get_width(widget);
    struct places at = place(self, width);
    struct shape shape = shape_of(self->message);
    const struct message *record = maru_message_record(self->message);
    GdkRGBA text;
    gtk_style_context_get_color(gtk_widget_get_style_context(widget), &text);
    if (self->day != NULL) {
        draw_day(self, snapshot, width, &text);
    }
    draw_background(self, snapshot, at, width);
    if (self->letter != NULL) {
        gtk_snapshot_save(snapshot);
        gtk_snapshot_translate(snapshot, &GRAPHENE_POINT_INIT(MARGIN, (float)at.head_y + 1));
        maru_avatar_draw(snapshot, record->sender, self->letter, AVATAR);
        gtk_snapshot_restore(snapshot);
    }
    if (shape.named || shape.card) {
        draw_layout(snapshot, self->head, (float)at.body_x, (float)at.head_y, &text);
    } else if (self->head != NULL) {
        int time_width;
        pango_layout_get_pixel_size(self->head, &time_width, NULL);
        draw_layout(snapshot, self->head, (float)(TEXT_X - 12 - time_width), (float)at.body_y + 1,
                    &text);
    }
    GdkRGBA body = text;
    if (record->state == MESSAGE_PENDING) {
        body.alpha *= 0.5f;
    }
    if (record->kind == MESSAGE_WARNING) {
        gdk_rgba_parse(&body, nick_color_is_dark(widget) ? "#ff938c" : "#a51d2d");
    }
    draw_layout(snapshot, self->body, (float)at.body_x, (float)at.body_y, &body);
    GdkRGBA foot;
    gdk_rgba_parse(&foot, nick_color_is_dark(widget) ? "#ffa368" : "#a83c00");
    draw_layout(snapshot, self->foot, (float)at.body_x, (float)at.foot_y, &foot);
    if (shape.mark) {
        draw_mark(widget, snapshot, mark_place(at, width), &text);
    }
    if (self->spinner != NULL) {
        gtk_widget_snapshot_child(widget, self->spinner, snapshot);
    }
}

static void maru_message_row_css_changed(GtkWidget *widget, GtkCssStyleChange *change)
{
    GTK_WIDGET_CLASS(maru_message_row_parent_class)->css_changed(widget, change);
    drop_layouts(MARU_MESSAGE_ROW(widget));
    gtk_widget_queue_resize(widget);
}

static GtkSizeRequestMode maru_message_row_request_mode(GtkWidget *widget)
{
    return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

/* Left of the text in the middle. */
static void maru_message_row_size_allocate(GtkWidget *widget, int width, int height, int baseline)
{
    MaruMessageRow *self = MARU_MESSAGE_ROW(widget);
    if (self->spinner == NULL || self->message == NULL) {
        return;
    }
    struct places at = place(self, width);
    PangoRectangle text;
    pango_layout_get_pixel_extents(self->body, NULL, &text);
    int minimum;
    gtk_widget_measure(self->spinner, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, NULL, NULL, NULL);
    gtk_widget_size_allocate(self->spinner,
                             &(GtkAllocation){at.body_x + text.x - SPINNER - 8,
                                              at.body_y + (text.height - SPINNER) / 2,
                                              MAX(SPINNER, minimum), MAX(SPINNER, minimum)},
                             -1);
}

static void show_spinner(MaruMessageRow *self, bool shown)
{
    if (shown && self->spinner == NULL) {
        self->spinner = gtk_spinner_new();
        gtk_widget_set_parent(self->spinner, GTK_WIDGET(self));
        gtk_spinner_start(GTK_SPINNER(self->spinner));
    } else if (!shown) {
        g_clear_pointer(&self->spinner, gtk_widget_unparent);
    }
}

static void maru_message_row_dispose(GObject *object)
{
    MaruMessageRow *self = MARU_MESSAGE_ROW(object);
    show_spinner(self, false);
    drop_layouts(self);
    g_clear_object(&self->message);
    G_OBJECT_CLASS(maru_message_row_parent_class)->dispose(object);
}

static void maru_message_row_class_init(MaruMessageRowClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = maru_message_row_dispose;
    widget_class->measure = maru_message_row_measure;
    widget_class->size_allocate = maru_message_row_size_allocate;
    widget_class->snapshot = maru_message_row_snapshot;
    widget_class->css_changed = maru_message_row_css_changed;
    widget_class->get_request_mode = maru_message_row_request_mode;
    gtk_widget_class_set_accessible_role(widget_class, GTK_ACCESSIBLE_ROLE_LABEL);
    gtk_widget_class_set_css_name(widget_class, "messagerow");
}

static void maru_message_row_init(MaruMessageRow *self)
{
}

GtkWidget *maru_message_row_new(void)
{
    return g_object_new(MARU_TYPE_MESSAGE_ROW, NULL);
}

void maru_message_row_set_message(MaruMessageRow *self, MaruMessage *message)
{
    if (message != NULL && self->message != NULL &&
        maru_message_looks_same(message, self->message)) {
        return;
    }
    if (g_set_object(&self->message, message)) {
        self->select_from = 0;
        self->select_to = 0;
        drop_layouts(self);
        gtk_widget_queue_resize(GTK_WIDGET(self));
    }
    const struct message *record = message != NULL ? maru_message_record(message) : NULL;
    show_spinner(self, record != NULL && record->kind == MESSAGE_GAP && record->gap == GAP_LOADING);
    if (message != NULL) {
        g_autofree char *name = message_words_describe(maru_message_record(message));
        gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                       -1);
    }
}

void maru_message_row_set_lit(MaruMessageRow *self, bool lit)
{
    if (self->lit != lit) {
        self->lit = lit;
        gtk_widget_queue_draw(GTK_WIDGET(self));
    }
}

bool maru_message_row_is_again_at(MaruMessageRow *self, double x, double y)
{
    if (self->message == NULL || self->foot == NULL) {
        return false;
    }
    struct places at = place(self, gtk_widget_get_width(GTK_WIDGET(self)));
    int width;
    int height;
    pango_layout_get_pixel_size(self->foot, &width, &height);
    return x >= at.body_x && x < at.body_x + width && y >= at.foot_y && y < at.foot_y + height;
}

const char *maru_message_row_tooltip_at(MaruMessageRow *self, double x, double y)
{
    if (self->message == NULL || !shape_of(self->message).mark) {
        return NULL;
    }
    int width = gtk_widget_get_width(GTK_WIDGET(self));
    graphene_rect_t where = mark_place(place(self, width), width);
    graphene_rect_inset(&where, -4, -4);
    bool inside = graphene_rect_contains_point(&where, &GRAPHENE_POINT_INIT((float)x, (float)y));
    return inside ? message_words_not_stored() : NULL;
}

MaruMessage *maru_message_row_message(MaruMessageRow *self)
{
    return self->message;
}

static int body_index_at(MaruMessageRow *self, double x, double y, bool *ret_inside)
{
    struct places at = place(self, gtk_widget_get_width(GTK_WIDGET(self)));
    int index;
    int trailing;
    *ret_inside = pango_layout_xy_to_index(self->body, (int)(x - at.body_x) * PANGO_SCALE,
                                           (int)(y - at.body_y) * PANGO_SCALE, &index, &trailing);
    const char *text = pango_layout_get_text(self->body);
    for (; trailing > 0 && text[index] != '\0' && !*ret_inside; trailing--) {
        index = (int)(g_utf8_next_char(text + index) - text);
    }
    return index;
}

int maru_message_row_index_at(MaruMessageRow *self, double x, double y)
{
    bool inside;
    return self->message != NULL ? body_index_at(self, x, y, &inside) : 0;
}

char *maru_message_row_link_at(MaruMessageRow *self, double x, double y)
{
    bool inside = false;
    int index = self->message != NULL ? body_index_at(self, x, y, &inside) : 0;
    if (!inside) {
        return NULL;
    }
    const char *text = pango_layout_get_text(self->body);
    struct str link;
    for (size_t at = 0; irc_text_next_link(str_from(text), &at, &link);) {
        int from = (int)(link.p - text);
        if (index >= from && index < from + (int)link.len) {
            return g_strndup(link.p, link.len);
        }
    }
    return NULL;
}

void maru_message_row_select(MaruMessageRow *self, int from, int to)
{
    if (self->select_from == from && self->select_to == to) {
        return;
    }
    self->select_from = from;
    self->select_to = to;
    g_clear_object(&self->body);
    gtk_widget_queue_draw(GTK_WIDGET(self));
}

char *maru_message_row_selection(MaruMessageRow *self)
{
    if (self->body == NULL || self->select_from == self->select_to) {
        return NULL;
    }
    const char *text = pango_layout_get_text(self->body);
    int len = (int)strlen(text);
    int from = MIN(MIN(self->select_from, self->select_to), len);
    int to = MIN(MAX(self->select_from, self->select_to), len);
    return g_strndup(text + from, (gsize)(to - from));
}
