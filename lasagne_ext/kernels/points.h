/*
 * From points to pixel coordinates, and from gradients in pixels back to the points.
 *
 * Coordinates are worked out in double around the centres, so that the identity gives whole numbers
 * exactly, for either meaning of the corners.
 */
#ifndef LASAGNE_EXT_POINTS_H
#define LASAGNE_EXT_POINTS_H

#include "sampling.h"

/*
 * Rows x, y, z and the divisor; columns: factors of the output's offsets from its centre in pixels,
 * and a constant. Jaderberg et al. (2015), equation 1, with the normalisations worked in.
 */
typedef struct { double row[4][4]; } pixel_map;

/* d pixel_map / d matrix, entry by entry. */
static pixel_map scale_of_map(const geometry *g)
{
    pixel_map scale = {{{0}}};
    for (ptrdiff_t r = 0; r <= g->rank; ++r) {
        const double in = r < g->rank ? half_extent(g->size[r], g->align_corners) : 1;
        for (ptrdiff_t c = 0; c < g->rank; ++c) {
            const double out = half_extent(g->out_size[c], g->align_corners);
            scale.row[r < g->rank ? r : 3][c] = out > 0 ? in / out : 0;
        }
        scale.row[r < g->rank ? r : 3][3] = in;
    }
    return scale;
}

static pixel_map map_of(const double *matrix, const geometry *g)
{
    pixel_map map = scale_of_map(g);
    const ptrdiff_t rows = g->rank + (g->points == PROJECTIVE);
    for (ptrdiff_t r = 0; r < rows; ++r)
        for (ptrdiff_t c = 0; c <= g->rank; ++c)
            map.row[r < g->rank ? r : 3][c < g->rank ? c : 3] *= matrix[r * (g->rank + 1) + c];
    return map;
}

static ptrdiff_t entries_of_matrix(const geometry *g)
{
    return (g->rank + (g->points == PROJECTIVE)) * (g->rank + 1);
}

/* Of the numerators and the divisor, what is the same along a row of the output. */
static inline void start_of_row(const pixel_map *map, const geometry *g, double below, double behind,
                                double *restrict start)
{
    for (int r = 0; r < 4; ++r)
        start[r] = map->row[r][1] * below
                   + (g->rank == 3 ? map->row[r][2] * behind + map->row[r][3] : map->row[r][3]);
}

static void map_coordinates(const double *matrix, const geometry *g, const tile *t,
                            double (*restrict at)[TILE_POINTS])
{
    const pixel_map map = map_of(matrix, g);
    const double left = (double)t->start[0] - centre(g->out_size[0]);
    ptrdiff_t p = 0;
    for (ptrdiff_t k = t->start[2]; k < t->start[2] + t->count[2]; ++k)
        for (ptrdiff_t i = t->start[1]; i < t->start[1] + t->count[1]; ++i, p += t->count[0]) {
            const double below = (double)i - centre(g->out_size[1]);
            const double behind = (double)k - centre(g->out_size[2]);
            double start[4];
            start_of_row(&map, g, below, behind, start);
            for (ptrdiff_t r = 0; r < g->rank; ++r) {
                const double middle = centre(g->size[r]), step = map.row[r][0];
                if (g->points == PROJECTIVE)
                    for (ptrdiff_t j = 0; j < t->count[0]; ++j) {
                        const double right = left + (double)j;
                        at[r][p + j] = (step * right + start[r]) / (map.row[3][0] * right + start[3])
                                       + middle;
                    }
                else
                    for (ptrdiff_t j = 0; j < t->count[0]; ++j)
                        at[r][p + j] = step * (left + (double)j) + start[r] + middle;
            }
        }
}

/* Where the n-th transform's coordinates of a point begin in a grid or a flow; axes are `apart`. */
static inline ptrdiff_t place_of(const geometry *g, ptrdiff_t n, ptrdiff_t point, ptrdiff_t *apart)
{
    const ptrdiff_t points = volume(g->out_size);
    *apart = g->points == GRID ? 1 : points;
    return g->points == GRID ? (n * points + point) * g->rank : n * g->rank * points + point;
}

static inline ptrdiff_t first_of_row(const geometry *g, const tile *t, ptrdiff_t k, ptrdiff_t i)
{
    return ((t->start[2] + k) * g->out_size[1] + t->start[1] + i) * g->out_size[0] + t->start[0];
}

/* Every `step`-th number; constant steps become shuffles. */
#define EVERY(type, step)                                                                        \
    for (ptrdiff_t j = 0; j < count; ++j)                                                        \
        to[j] = (double)((const type *)numbers)[first + j * (step)]

INLINE void read_numbers(const void *numbers, int are_double, ptrdiff_t first, ptrdiff_t step, ptrdiff_t count,
                         double *restrict to)
{
    if (are_double) {
        EVERY(double, step);
    } else if (step == 1) {
        EVERY(float, 1);
    } else if (step == 2) {
        EVERY(float, 2);
    } else {
        EVERY(float, 3);
    }
}

#undef EVERY

static void given_coordinates(const void *points, const geometry *g, ptrdiff_t n, const tile *t,
                              double (*restrict at)[TILE_POINTS])
{
    const ptrdiff_t step = g->points == GRID ? g->rank : 1, count = t->count[0];
    for (ptrdiff_t row = 0; row < t->count[1] * t->count[2]; ++row) {
        const ptrdiff_t i = row % t->count[1], k = row / t->count[1];
        ptrdiff_t apart, first = place_of(g, n, first_of_row(g, t, k, i), &apart);
        for (ptrdiff_t axis = 0; axis < g->rank; ++axis, first += apart) {
            double *restrict to = at[axis] + row * count;
            read_numbers(points, g->points_are_double != 0, first, step, count, to);
            const double scale = half_extent(g->size[axis], g->align_corners);
            const double middle = centre(g->size[axis]);
            const double place[3] = {(double)t->start[0], (double)(t->start[1] + i), (double)(t->start[2] + k)};
            if (g->points == GRID)
                for (ptrdiff_t j = 0; j < count; ++j)
                    to[j] = middle + scale * to[j];
            else
                for (ptrdiff_t j = 0; j < count; ++j)
                    to[j] += place[axis] + (double)(axis == 0 ? j : 0);
        }
    }
}

/* Coordinates in pixels of a tile's points, row by row; of a plane's, no z. */
static void coordinates(const void *points, const geometry *g, ptrdiff_t n, const tile *t,
                        double (*restrict at)[TILE_POINTS])
{
    if (g->points == GRID || g->points == FLOW)
        given_coordinates(points, g, n, t, at);
    else
        map_coordinates((const double *)points + n * entries_of_matrix(g), g, t, at);
}

/* What gradients in pixels of a row of points are to the numerators, and after them to the divisor. */
static void share_of_row(const pixel_map *map, const geometry *g, double (*restrict grad)[TILE_POINTS],
                         ptrdiff_t p, ptrdiff_t columns, double left, double below, double behind,
                         double (*restrict share)[WIDEST_TILE])
{
    double start[4];
    start_of_row(map, g, below, behind, start);
    for (ptrdiff_t j = 0; j < columns; ++j) {
        const double right = left + (double)j, divisor = map->row[3][0] * right + start[3];
        double to_divisor = 0;
        for (ptrdiff_t r = 0; r < g->rank; ++r) {
            share[r][j] = grad[r][p + j] / divisor;
            /* Worked out anew: of far points find_nowhere() has kept less. */
            to_divisor -= share[r][j] * ((map->row[r][0] * right + start[r]) / divisor);
        }
        share[g->rank][j] = to_divisor;
    }
}

/*
 * Adds to `sums` what gradients in pixels of a tile's points are to the entries of the matrix.
 * `sums` has the matrix's layout.
 */
static void add_map_grads(const double *matrix, const geometry *g, const tile *t,
                          double (*restrict grad)[TILE_POINTS], double *restrict sums)
{
    const pixel_map map = map_of(matrix, g), scale = scale_of_map(g);
    const ptrdiff_t rows = g->rank + (g->points == PROJECTIVE), columns = t->count[0];
    const double left = (double)t->start[0] - centre(g->out_size[0]);
    /* Summed over the tile's columns first: plain, by the way below the centre, and behind it. */
    double sum[4][3][WIDEST_TILE] = {{{0}}}, share[4][WIDEST_TILE];
    double total[4][4] = {{0}};
    ptrdiff_t p = 0;
    for (ptrdiff_t k = t->start[2]; k < t->start[2] + t->count[2]; ++k)
        for (ptrdiff_t i = t->start[1]; i < t->start[1] + t->count[1]; ++i, p += columns) {
            const double below = (double)i - centre(g->out_size[1]);
            const double behind = (double)k - centre(g->out_size[2]);
            if (g->points == PROJECTIVE)
                share_of_row(&map, g, grad, p, columns, left, below, behind, share);
            for (ptrdiff_t r = 0; r < rows; ++r) {
                const double *restrict row = g->points == PROJECTIVE ? share[r] : grad[r] + p;
                for (ptrdiff_t j = 0; j < columns; ++j) {
                    sum[r][0][j] += row[j];
                    sum[r][1][j] += row[j] * below;
                }
                if (g->rank == 3)
                    for (ptrdiff_t j = 0; j < columns; ++j)
                        sum[r][2][j] += row[j] * behind;
            }
        }
    for (ptrdiff_t r = 0; r < rows; ++r)
        for (ptrdiff_t j = 0; j < columns; ++j) {
            double *to = total[r < g->rank ? r : 3];
            to[0] += sum[r][0][j] * (left + (double)j);
            to[1] += sum[r][1][j];
            to[2] += sum[r][2][j];
            to[3] += sum[r][0][j];
        }
    for (ptrdiff_t r = 0; r < rows; ++r)
        for (ptrdiff_t c = 0; c <= g->rank; ++c) {
            const ptrdiff_t from_row = r < g->rank ? r : 3, from_column = c < g->rank ? c : 3;
            sums[r * (g->rank + 1) + c] += total[from_row][from_column] * scale.row[from_row][from_column];
        }
}

#define EVERY(type, step)                                                                        \
    for (ptrdiff_t j = 0; j < count; ++j)                                                        \
        ((type *)numbers)[first + j * (step)] = (type)(scale * from[j])

INLINE void write_numbers(void *numbers, int are_double, ptrdiff_t first, ptrdiff_t step, ptrdiff_t count,
                          double scale, const double *restrict from)
{
    if (are_double) {
        EVERY(double, step);
    } else if (step == 1) {
        EVERY(float, 1);
    } else {
        EVERY(float, step);
    }
}

#undef EVERY

static void store_grads(void *points_grad, const geometry *g, ptrdiff_t n, const tile *t,
                        double (*restrict grad)[TILE_POINTS])
{
    const ptrdiff_t step = g->points == GRID ? g->rank : 1, count = t->count[0];
    for (ptrdiff_t row = 0; row < t->count[1] * t->count[2]; ++row) {
        ptrdiff_t apart;
        ptrdiff_t first = place_of(g, n, first_of_row(g, t, row / t->count[1], row % t->count[1]), &apart);
        for (ptrdiff_t axis = 0; axis < g->rank; ++axis, first += apart)
            write_numbers(points_grad, g->points_are_double != 0, first, step, count,
                          g->points == GRID ? half_extent(g->size[axis], g->align_corners) : 1,
                          grad[axis] + row * count);
    }
}

#endif
