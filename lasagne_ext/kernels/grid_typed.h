/* The grid kernels for one floating point type REAL; included by grid.c. */

API void EXPORTED(grid_forward)(const REAL *image, const void *grid, int grid_is_double, REAL *out,
                                const geometry *g)
{
    const ptrdiff_t points = g->out_rows * g->out_columns;
    const ptrdiff_t chunks = (points + CHUNK - 1) / CHUNK;
#pragma omp parallel for collapse(2) schedule(static) num_threads(g->threads)
    for (ptrdiff_t n = 0; n < g->batch; ++n)
        for (ptrdiff_t chunk = 0; chunk < chunks; ++chunk) {
            const ptrdiff_t start = chunk * CHUNK, count = smaller(CHUNK, points - start);
            double xs[CHUNK], ys[CHUNK];
            TYPED(plan) plan;
            grid_coordinates(grid, grid_is_double, n * points + start, count, g, xs, ys);
            TYPED(make_plan)(&plan, xs, ys, count, g);
            TYPED(gather)(&plan, image + n * g->channels * g->rows * g->columns,
                          out + n * g->channels * points + start, count, g);
        }
}

API void EXPORTED(grid_grid_grad)(const REAL *image, const void *grid, int grid_is_double,
                                  const REAL *output_grad, void *grid_grad, const geometry *g)
{
    const ptrdiff_t points = g->out_rows * g->out_columns;
    const ptrdiff_t chunks = (points + CHUNK - 1) / CHUNK;
#pragma omp parallel for collapse(2) schedule(static) num_threads(g->threads)
    for (ptrdiff_t n = 0; n < g->batch; ++n)
        for (ptrdiff_t chunk = 0; chunk < chunks; ++chunk) {
            const ptrdiff_t start = chunk * CHUNK, count = smaller(CHUNK, points - start);
            double xs[CHUNK], ys[CHUNK], x_grad[CHUNK], y_grad[CHUNK];
            TYPED(plan) plan;
            grid_coordinates(grid, grid_is_double, n * points + start, count, g, xs, ys);
            TYPED(make_plan)(&plan, xs, ys, count, g);
            TYPED(slopes)(&plan, image + n * g->channels * g->rows * g->columns,
                          output_grad + n * g->channels * points + start, x_grad, y_grad, count, g);
            store_grid_grad(grid_grad, grid_is_double, n * points + start, count, g, x_grad, y_grad);
        }
}

API void EXPORTED(grid_input_grad)(const void *grid, int grid_is_double, const REAL *output_grad,
                                   REAL *input_grad, const geometry *g)
{
    const ptrdiff_t blocks = (g->channels + CHANNEL_BLOCK - 1) / CHANNEL_BLOCK;
    const ptrdiff_t plane = g->rows * g->columns, points = g->out_rows * g->out_columns;
#pragma omp parallel for collapse(2) schedule(static) num_threads(g->threads)
    for (ptrdiff_t n = 0; n < g->batch; ++n)
        for (ptrdiff_t block = 0; block < blocks; ++block) {
            const ptrdiff_t first = block * CHANNEL_BLOCK;
            const ptrdiff_t channels = smaller(CHANNEL_BLOCK, g->channels - first);
            REAL *target = input_grad + (n * g->channels + first) * plane;
            const REAL *grad = output_grad + (n * g->channels + first) * points;
            double xs[CHUNK], ys[CHUNK];
            TYPED(plan) plan;
            memset(target, 0, (size_t)(channels * plane) * sizeof *target);
            for (ptrdiff_t start = 0; start < points; start += CHUNK) {
                const ptrdiff_t count = smaller(CHUNK, points - start);
                grid_coordinates(grid, grid_is_double, n * points + start, count, g, xs, ys);
                TYPED(make_plan)(&plan, xs, ys, count, g);
                TYPED(scatter)(&plan, target, grad + start, channels, count, g);
            }
        }
}
