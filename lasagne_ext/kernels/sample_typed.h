/* The sampling kernels for one floating point type REAL; the template of sample.c. */
#include "neighbours.h"
#include "quad.h"
#include "corners.h"

_Static_assert(sizeof(TYPED(workspace)) <= WORKSPACE_BYTES, "a thread's memory is too small");

#include "lanes.h"

/* Channels to be handled side by side next, of so many that are left. */
static int TYPED(lanes_for)(ptrdiff_t channels)
{
#if defined(__GNUC__)
    return channels > WIDE_LANES / 2 ? WIDE_LANES : channels > 1 ? 4 : 1;
#else
    (void)channels;
    return 1;
#endif
}

/* A block of channels of one tile of the output, to or from channels side by side. */
static void TYPED(move_tile)(REAL *side_by_side, REAL *out, const geometry *g, const tile *t, int lanes,
                             ptrdiff_t channels, int read)
{
    const ptrdiff_t plane = volume(g->out_size);
    /* Rows of full width follow one another. */
    const ptrdiff_t whole = t->count[0] == g->out_size[0];
    const ptrdiff_t rows = whole ? 1 : t->count[1], length = t->count[0] * (whole ? t->count[1] : 1);
    for (ptrdiff_t k = 0; k < t->count[2]; ++k)
        for (ptrdiff_t i = 0; i < rows; ++i) {
            REAL *run = out + row_offset(g, t, k, i);
            REAL *inner = side_by_side + (k * rows + i) * length * lanes;
            if (read)
                BY_LANES(lanes, pack, run, plane, channels, length, inner);
            else
                BY_LANES(lanes, unpack, inner, plane, channels, length, run, 0);
        }
}

/* Interpolates a block of channels of `image` at the workspace's points. */
static void TYPED(forward_channels)(TYPED(workspace) *w, const geometry *g, const REAL *image, int lanes,
                                    ptrdiff_t channels, REAL *values)
{
    for (ptrdiff_t k = 0; k < w->segments; ++k) {
        BY_LANES(lanes, load, w, w->segment + k, g, image, channels);
        BY_LANES(lanes, interpolate, w, w->segment + k, g, values);
    }
    for (ptrdiff_t k = 0; k < w->nonfinite_count; ++k)
        for (int c = 0; c < lanes; ++c)
            values[w->nonfinite[k] * lanes + c] = (REAL)NAN;
}

/* The gradients of a block of channels; those to the coordinates are added to the workspace's sums. */
static void TYPED(backward_channels)(TYPED(workspace) *w, const geometry *g, const REAL *image,
                                     REAL *image_grad, int wants_points, int lanes, ptrdiff_t channels,
                                     REAL *values_grad)
{
    /* A point that is not finite touches no pixel. */
    for (ptrdiff_t k = 0; k < w->nonfinite_count; ++k)
        memset(values_grad + w->nonfinite[k] * lanes, 0, (size_t)lanes * sizeof *values_grad);
    for (ptrdiff_t k = 0; k < w->segments; ++k) {
        const TYPED(segment) *s = w->segment + k;
        if (wants_points) {
            BY_LANES(lanes, load, w, s, g, image, channels);
            BY_LANES(lanes, coordinate_grads, w, s, g, values_grad);
        }
        if (image_grad != NULL) {
            BY_LANES(lanes, scatter, w, s, g, values_grad);
            BY_LANES(lanes, add_to_image, w, s, g, image_grad, channels);
        }
    }
    if (wants_points && g->interpolation != NEAREST) {
        w->has_sums |= lanes > 1;
        w->has_grads |= lanes == 1;
    }
}

static void TYPED(start_sums)(TYPED(workspace) *w)
{
    w->has_sums = w->has_grads = 0;
}

/* Completes the gradients in pixels: adds each point's four sums. */
static void TYPED(finish_sums)(TYPED(workspace) *w, const geometry *g)
{
    for (int axis = 0; axis < g->rank; ++axis) {
        const REAL *restrict sum = w->sum[axis];
        double *restrict grad = w->grad[axis];
        if (!w->has_sums && !w->has_grads)
            memset(grad, 0, (size_t)w->count * sizeof *grad);
        ptrdiff_t p = 0;
        if (w->has_sums) {
#if defined(__GNUC__)
            for (; p + 4 <= w->count; p += 4) {
                TYPED(quad) q[4];
                for (int k = 0; k < 4; ++k)
                    q[k] = TYPED(load_quad)(sum + 4 * (p + k));
                TYPED(transpose)(q);
                TYPED(put_doubles)(grad + p, (q[0] + q[1]) + (q[2] + q[3]), w->has_grads);
            }
#endif
            for (; p < w->count; ++p)
                grad[p] = (w->has_grads ? grad[p] : 0)
                          + (double)((sum[4 * p] + sum[4 * p + 1]) + (sum[4 * p + 2] + sum[4 * p + 3]));
        }
        for (ptrdiff_t k = 0; k < w->nonfinite_count; ++k)
            grad[w->nonfinite[k]] = NAN;
    }
}

static const REAL *TYPED(image_of)(const REAL *images, const geometry *g, ptrdiff_t n)
{
    return images + n / (g->transforms / g->images) * g->channels * volume(g->size);
}

API int TYPED(sample_forward)(const REAL *images, const void *points, REAL *out, const geometry *g,
                              const double *cubic, char *memory)
{
    const ptrdiff_t tiles = count_tiles(g), plane = volume(g->size), out_plane = volume(g->out_size);
#pragma omp parallel num_threads(threads_for(g))
    {
        TYPED(workspace) *w = (TYPED(workspace) *)(memory + (ptrdiff_t)WORKSPACE_BYTES * thread_number());
#pragma omp for schedule(static)
        for (ptrdiff_t unit = 0; unit < g->transforms * tiles; ++unit) {
            const ptrdiff_t n = unit / tiles;
            const tile t = get_tile(g, unit % tiles);
            coordinates(points, g, n, &t, w->coord);
            TYPED(find_neighbours)(w, g, volume(t.count), *cubic, 0);
            for (ptrdiff_t c = 0, lanes; c < g->channels; c += lanes) {
                lanes = TYPED(lanes_for)(g->channels - c);
                const ptrdiff_t channels = smaller(lanes, g->channels - c);
                TYPED(forward_channels)(w, g, TYPED(image_of)(images, g, n) + c * plane, (int)lanes, channels,
                                        w->tile);
                TYPED(move_tile)(w->tile, out + (n * g->channels + c) * out_plane, g, &t, (int)lanes, channels,
                                 0);
            }
        }
    }
    return 0;
}

/* Both gradients, or one, of channels from `first` to before `last` of one tile. */
static void TYPED(backward_tile)(TYPED(workspace) *w, const geometry *g, ptrdiff_t n, const tile *t,
                                 const REAL *images, const void *points, const REAL *output_grad,
                                 REAL *input_grad, int wants_points, ptrdiff_t first, ptrdiff_t last,
                                 double cubic)
{
    const ptrdiff_t plane = volume(g->size), out_plane = volume(g->out_size);
    const REAL *image = TYPED(image_of)(images, g, n);
    coordinates(points, g, n, t, w->coord);
    TYPED(find_neighbours)(w, g, volume(t->count), cubic, wants_points);
    if (wants_points)
        TYPED(start_sums)(w);
    for (ptrdiff_t c = first, lanes; c < last; c += lanes) {
        lanes = TYPED(lanes_for)(last - c);
        const ptrdiff_t channels = smaller(lanes, last - c);
        TYPED(move_tile)(w->tile, (REAL *)output_grad + (n * g->channels + c) * out_plane, g, t, (int)lanes,
                         channels, 1);
        TYPED(backward_channels)(w, g, image + c * plane,
                                 input_grad == NULL ? NULL : input_grad + (image - images) + c * plane,
                                 wants_points, (int)lanes, channels, w->tile);
    }
    if (wants_points)
        TYPED(finish_sums)(w, g);
}

static void TYPED(store_points_grad)(TYPED(workspace) *w, const geometry *g, ptrdiff_t n, const tile *t,
                                     const void *points, void *points_grad, double *sums)
{
    if (sums != NULL)
        add_matrix_grads((const double *)points + n * matrix_entries(g), g, t, w->grad, sums);
    else
        store_coordinate_grads(points_grad, g, n, t, w->grad);
}

/*
 * Every pixel's gradient is added up in the order of the transforms and of their tiles, every matrix's
 * in the order of its tiles: the result does not depend on the number of threads. With an image or more
 * for each thread both gradients come of one pass; else the input's is shared out by blocks of channels,
 * then the points' by tiles.
 */
API int TYPED(sample_backward)(const REAL *images, const void *points, const REAL *output_grad,
                               REAL *input_grad, void *points_grad, const geometry *g, const double *cubic,
                               char *memory)
{
    const ptrdiff_t tiles = count_tiles(g), per_image = g->images ? g->transforms / g->images : 0;
    const ptrdiff_t image_values = g->channels * volume(g->size);
    const int threads = threads_for(g), together = threads == 1 || g->images >= threads;
    const int matrices = g->points == AFFINE || g->points == PROJECTIVE;
    const ptrdiff_t entries = matrix_entries(g);
    const ptrdiff_t blocks = together ? 1 : ceil_div(g->channels, WIDE_LANES);
    double *sums = NULL;
    if (g->wants_points && matrices) {
        sums = calloc((size_t)(g->transforms * tiles * entries) + 1, sizeof *sums);
        if (sums == NULL)
            return 1;
    }
#pragma omp parallel num_threads(threads)
    {
        TYPED(workspace) *w = (TYPED(workspace) *)(memory + (ptrdiff_t)WORKSPACE_BYTES * thread_number());
        if (g->wants_input || together) {
#pragma omp for schedule(static)
            for (ptrdiff_t unit = 0; unit < g->images * blocks; ++unit) {
                const ptrdiff_t b = unit / blocks, block = unit % blocks;
                const ptrdiff_t first = together ? 0 : block * WIDE_LANES;
                const ptrdiff_t last = together ? g->channels : smaller(g->channels, first + WIDE_LANES);
                if (g->wants_input)
                    memset(input_grad + b * image_values + first * volume(g->size), 0,
                           (size_t)((last - first) * volume(g->size)) * sizeof *input_grad);
                for (ptrdiff_t n = b * per_image; n < (b + 1) * per_image; ++n)
                    for (ptrdiff_t k = 0; k < tiles; ++k) {
                        const tile t = get_tile(g, k);
                        TYPED(backward_tile)(w, g, n, &t, images, points, output_grad,
                                             g->wants_input ? input_grad : NULL, together && g->wants_points,
                                             first, last, *cubic);
                        if (together && g->wants_points)
                            TYPED(store_points_grad)(w, g, n, &t, points, points_grad,
                                                     matrices ? sums + (n * tiles + k) * entries : NULL);
                    }
            }
        }
        if (g->wants_points && !together) {
#pragma omp for schedule(static)
            for (ptrdiff_t unit = 0; unit < g->transforms * tiles; ++unit) {
                const ptrdiff_t n = unit / tiles;
                const tile t = get_tile(g, unit % tiles);
                TYPED(backward_tile)(w, g, n, &t, images, points, output_grad, NULL, 1, 0, g->channels, *cubic);
                TYPED(store_points_grad)(w, g, n, &t, points, points_grad,
                                         matrices ? sums + unit * entries : NULL);
            }
        }
    }
    if (sums != NULL)
        for (ptrdiff_t n = 0; n < g->transforms; ++n)
            for (ptrdiff_t e = 0; e < entries; ++e) {
                double total = 0;
                for (ptrdiff_t k = 0; k < tiles; ++k)
                    total += sums[(n * tiles + k) * entries + e];
                ((double *)points_grad)[n * entries + e] = total;
            }
    free(sums);
    return 0;
}

#include "footprint.h"
