/*
 * From points to pixel coordinates, and from gradients in pixels back to the points.
 *
 * Coordinates are computed in double around the centres, so that the identity gives whole numbers
 * exactly, for either meaning of the corners.
 */
#ifndef LASAGNE_EXT_COORDINATES_H
#define LASAGNE_EXT_COORDINATES_H

#include "sampling.h"

/*
 * Rows x, y, z and the divisor; columns: factors of the output's offsets from its centre in pixels,
 * and a constant. Jaderberg et al. (2015), equation 1, with the normalisations worked in.
 */
typedef struct { double row[4][4]; } pixel_map;

/* d pixel_map / d matrix, entry by entry. */
static pixel_map pixel_map_scale(const geometry *g)
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

static pixel_map pixel_map_of(const double *matrix, const geometry *g)
{
    pixel_map map = pixel_map_scale(g);
    const ptrdiff_t rows = g->rank + (g->points == PROJECTIVE);
    for (ptrdiff_t r = 0; r < rows; ++r)
        for (ptrdiff_t c = 0; c <= g->rank; ++c)
            map.row[r < g->rank ? r : 3][c < g->rank ? c : 3] *= matrix[r * (g->rank + 1) + c];
    return map;
}

static ptrdiff_t matrix_entries(const geometry *g)
{
    return (g->rank + (g->points == PROJECTIVE)) * (g->rank + 1);
}

/* Of the numerators and the divisor, the terms that are the same along a row of the output. */
static inline void row_terms(const pixel_map *map, const geometry *g, double dy, double dz,
                             double *restrict start)
{
    for (int r = 0; r < 4; ++r)
        start[r] = map->row[r][1] * dy
                   + (g->rank == 3 ? map->row[r][2] * dz + map->row[r][3] : map->row[r][3]);
}

static void matrix_coordinates(const double *matrix, const geometry *g, const tile *t,
                               double (*restrict coord)[TILE_POINTS])
{
    const pixel_map map = pixel_map_of(matrix, g);
    const double left = (double)t->start[0] - centre(g->out_size[0]);
    ptrdiff_t p = 0;
    for (ptrdiff_t k = t->start[2]; k < t->start[2] + t->count[2]; ++k)
        for (ptrdiff_t i = t->start[1]; i < t->start[1] + t->count[1]; ++i, p += t->count[0]) {
            const double dy = (double)i - centre(g->out_size[1]);
            const double dz = (double)k - centre(g->out_size[2]);
            double start[4];
            row_terms(&map, g, dy, dz, start);
            for (ptrdiff_t r = 0; r < g->rank; ++r) {
                const double center = centre(g->size[r]), step = map.row[r][0];
                if (g->points == PROJECTIVE)
                    for (ptrdiff_t j = 0; j < t->count[0]; ++j) {
                        const double dx = left + (double)j;
                        coord[r][p + j] = (step * dx + start[r]) / (map.row[3][0] * dx + start[3]) + center;
                    }
                else
                    for (ptrdiff_t j = 0; j < t->count[0]; ++j)
                        coord[r][p + j] = step * (left + (double)j) + start[r] + center;
            }
        }
}

/* Index of the n-th transform's first coordinate of a point in a grid or a flow; `stride` to the next axis. */
static inline ptrdiff_t point_offset(const geometry *g, ptrdiff_t n, ptrdiff_t point, ptrdiff_t *stride)
{
    const ptrdiff_t points = volume(g->out_size);
    *stride = g->points == GRID ? 1 : points;
    return g->points == GRID ? (n * points + point) * g->rank : n * g->rank * points + point;
}

/* Index in the output's plane or volume of the first point of a tile's row, and of the tile's point p. */
static inline ptrdiff_t row_offset(const geometry *g, const tile *t, ptrdiff_t k, ptrdiff_t i)
{
    return ((t->start[2] + k) * g->out_size[1] + t->start[1] + i) * g->out_size[0] + t->start[0];
}

static inline ptrdiff_t point_index(const geometry *g, const tile *t, ptrdiff_t p)
{
    const ptrdiff_t j = p % t->count[0], i = p / t->count[0] % t->count[1];
    return row_offset(g, t, p / (t->count[0] * t->count[1]), i) + j;
}

/* Every `step`-th number; constant steps become shuffles. */
#define STRIDED(type, step)                                                                      \
    for (ptrdiff_t j = 0; j < count; ++j)                                                        \
        to[j] = (double)((const type *)numbers)[first + j * (step)]

INLINE void read_numbers(const void *numbers, int are_double, ptrdiff_t first, ptrdiff_t step, ptrdiff_t count,
                         double *restrict to)
{
    if (are_double) {
        STRIDED(double, step);
    } else if (step == 1) {
        STRIDED(float, 1);
    } else if (step == 2) {
        STRIDED(float, 2);
    } else {
        STRIDED(float, 3);
    }
}

#undef STRIDED

static inline double load_number(const void *numbers, int are_double, ptrdiff_t index)
{
    return are_double ? ((const double *)numbers)[index] : (double)((const float *)numbers)[index];
}

static inline void store_number(void *numbers, int are_double, ptrdiff_t index, double value)
{
    if (are_double)
        ((double *)numbers)[index] = value;
    else
        ((float *)numbers)[index] = (float)value;
}

static void read_coordinates(const void *points, const geometry *g, ptrdiff_t n, const tile *t,
                             double (*restrict coord)[TILE_POINTS])
{
    const ptrdiff_t step = g->points == GRID ? g->rank : 1, count = t->count[0];
    for (ptrdiff_t row = 0; row < t->count[1] * t->count[2]; ++row) {
        const ptrdiff_t i = row % t->count[1], k = row / t->count[1];
        ptrdiff_t stride, first = point_offset(g, n, row_offset(g, t, k, i), &stride);
        for (ptrdiff_t axis = 0; axis < g->rank; ++axis, first += stride) {
            double *restrict to = coord[axis] + row * count;
            read_numbers(points, g->points_are_double != 0, first, step, count, to);
            const double scale = half_extent(g->size[axis], g->align_corners);
            const double center = centre(g->size[axis]);
            const double place[3] = {(double)t->start[0], (double)(t->start[1] + i), (double)(t->start[2] + k)};
            if (g->points == GRID)
                for (ptrdiff_t j = 0; j < count; ++j)
                    to[j] = center + scale * to[j];
            else
                for (ptrdiff_t j = 0; j < count; ++j)
                    to[j] += place[axis] + (double)(axis == 0 ? j : 0);
        }
    }
}

/* Coordinates in pixels of a tile's points, row by row; of a plane's, no z. */
static void coordinates(const void *points, const geometry *g, ptrdiff_t n, const tile *t,
                        double (*restrict coord)[TILE_POINTS])
{
    if (g->points == GRID || g->points == FLOW)
        read_coordinates(points, g, n, t, coord);
    else
        matrix_coordinates((const double *)points + n * matrix_entries(g), g, t, coord);
}

/* From gradients in pixels of a row of points to those of the numerators, and after them of the divisor. */
static void projective_row_grads(const pixel_map *map, const geometry *g, double (*restrict grad)[TILE_POINTS],
                                 ptrdiff_t p, ptrdiff_t columns, double left, double dy, double dz,
                                 double (*restrict row_grad)[MAX_TILE_COLUMNS])
{
    double start[4];
    row_terms(map, g, dy, dz, start);
    for (ptrdiff_t j = 0; j < columns; ++j) {
        const double dx = left + (double)j, divisor = map->row[3][0] * dx + start[3];
        double divisor_grad = 0;
        for (ptrdiff_t r = 0; r < g->rank; ++r) {
            row_grad[r][j] = grad[r][p + j] / divisor;
            /* Computed anew: of far points find_nonfinite() has kept less. */
            divisor_grad -= row_grad[r][j] * ((map->row[r][0] * dx + start[r]) / divisor);
        }
        row_grad[g->rank][j] = divisor_grad;
    }
}

/* Adds to `sums`, laid out as the matrix, its gradient from that in pixels of a tile's points. */
static void add_matrix_grads(const double *matrix, const geometry *g, const tile *t,
                             double (*restrict grad)[TILE_POINTS], double *restrict sums)
{
    const pixel_map map = pixel_map_of(matrix, g), scale = pixel_map_scale(g);
    const ptrdiff_t rows = g->rank + (g->points == PROJECTIVE), columns = t->count[0];
    const double left = (double)t->start[0] - centre(g->out_size[0]);
    /* Summed over the tile's rows first: plain, times dy, and times dz. */
    double sum[4][3][MAX_TILE_COLUMNS] = {{{0}}}, row_grad[4][MAX_TILE_COLUMNS];
    double total[4][4] = {{0}};
    ptrdiff_t p = 0;
    for (ptrdiff_t k = t->start[2]; k < t->start[2] + t->count[2]; ++k)
        for (ptrdiff_t i = t->start[1]; i < t->start[1] + t->count[1]; ++i, p += columns) {
            const double dy = (double)i - centre(g->out_size[1]);
            const double dz = (double)k - centre(g->out_size[2]);
            if (g->points == PROJECTIVE)
                projective_row_grads(&map, g, grad, p, columns, left, dy, dz, row_grad);
            for (ptrdiff_t r = 0; r < rows; ++r) {
                const double *restrict row = g->points == PROJECTIVE ? row_grad[r] : grad[r] + p;
                for (ptrdiff_t j = 0; j < columns; ++j) {
                    sum[r][0][j] += row[j];
                    sum[r][1][j] += row[j] * dy;
                }
                if (g->rank == 3)
                    for (ptrdiff_t j = 0; j < columns; ++j)
                        sum[r][2][j] += row[j] * dz;
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

#define STRIDED(type, step)                                                                      \
    for (ptrdiff_t j = 0; j < count; ++j)                                                        \
        ((type *)numbers)[first + j * (step)] = (type)(scale * from[j])

INLINE void write_numbers(void *numbers, int are_double, ptrdiff_t first, ptrdiff_t step, ptrdiff_t count,
                          double scale, const double *restrict from)
{
    if (are_double) {
        STRIDED(double, step);
    } else if (step == 1) {
        STRIDED(float, 1);
    } else {
        STRIDED(float, step);
    }
}

#undef STRIDED

/* The gradients of a grid or a flow, from those in pixels of a tile's points. */
static void store_coordinate_grads(void *points_grad, const geometry *g, ptrdiff_t n, const tile *t,
                                   double (*restrict grad)[TILE_POINTS])
{
    const ptrdiff_t step = g->points == GRID ? g->rank : 1, count = t->count[0];
    for (ptrdiff_t row = 0; row < t->count[1] * t->count[2]; ++row) {
        ptrdiff_t stride;
        ptrdiff_t first = point_offset(g, n, row_offset(g, t, row / t->count[1], row % t->count[1]), &stride);
        for (ptrdiff_t axis = 0; axis < g->rank; ++axis, first += stride)
            write_numbers(points_grad, g->points_are_double != 0, first, step, count,
                          g->points == GRID ? half_extent(g->size[axis], g->align_corners) : 1,
                          grad[axis] + row * count);
    }
}

#endif
