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

/* Where a coordinate of the n-th transform's point (i, j, k) is kept in a grid or a flow. */
static inline ptrdiff_t place_of(const geometry *g, ptrdiff_t n, ptrdiff_t point, ptrdiff_t axis)
{
    const ptrdiff_t points = volume(g->out_size);
    return g->points == GRID ? (n * points + point) * g->rank + axis : (n * g->rank + axis) * points + point;
}

static void given_coordinates(const void *points, const geometry *g, ptrdiff_t n, const tile *t,
                              double (*restrict at)[TILE_POINTS])
{
    ptrdiff_t p = 0;
    const ptrdiff_t step = g->points == GRID ? g->rank : 1;
    for (ptrdiff_t k = t->start[2]; k < t->start[2] + t->count[2]; ++k)
        for (ptrdiff_t i = t->start[1]; i < t->start[1] + t->count[1]; ++i, p += t->count[0])
            for (ptrdiff_t axis = 0; axis < g->rank; ++axis) {
                const ptrdiff_t row = (k * g->out_size[1] + i) * g->out_size[0] + t->start[0];
                const ptrdiff_t first = place_of(g, n, row, axis);
                double *restrict to = at[axis] + p;
                if (g->points_are_double)
                    for (ptrdiff_t j = 0; j < t->count[0]; ++j)
                        to[j] = ((const double *)points)[first + j * step];
                else
                    for (ptrdiff_t j = 0; j < t->count[0]; ++j)
                        to[j] = (double)((const float *)points)[first + j * step];
                const double scale = half_extent(g->size[axis], g->align_corners);
                const double middle = centre(g->size[axis]);
                const ptrdiff_t place[3] = {t->start[0], i, k};
                if (g->points == GRID)
                    for (ptrdiff_t j = 0; j < t->count[0]; ++j)
                        to[j] = middle + scale * to[j];
                else
                    for (ptrdiff_t j = 0; j < t->count[0]; ++j)
                        to[j] += (double)(place[axis] + (axis == 0 ? j : 0));
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

static void store_grads(void *points_grad, const geometry *g, ptrdiff_t n, const tile *t,
                        double (*restrict grad)[TILE_POINTS])
{
    ptrdiff_t p = 0;
    const ptrdiff_t step = g->points == GRID ? g->rank : 1;
    for (ptrdiff_t k = t->start[2]; k < t->start[2] + t->count[2]; ++k)
        for (ptrdiff_t i = t->start[1]; i < t->start[1] + t->count[1]; ++i, p += t->count[0])
            for (ptrdiff_t axis = 0; axis < g->rank; ++axis) {
                const ptrdiff_t row = (k * g->out_size[1] + i) * g->out_size[0] + t->start[0];
                const ptrdiff_t first = place_of(g, n, row, axis);
                const double scale = g->points == GRID ? half_extent(g->size[axis], g->align_corners) : 1;
                if (g->points_are_double)
                    for (ptrdiff_t j = 0; j < t->count[0]; ++j)
                        ((double *)points_grad)[first + j * step] = scale * grad[axis][p + j];
                else
                    for (ptrdiff_t j = 0; j < t->count[0]; ++j)
                        ((float *)points_grad)[first + j * step] = (float)(scale * grad[axis][p + j]);
            }
}

#endif
