/* The affine kernels for one floating point type REAL; included by affine.c. */

API void EXPORTED(affine_forward)(const REAL *image, const double *theta, REAL *out,
                                  const geometry *g)
{
    const ptrdiff_t blocks = (g->out_rows + ROW_BLOCK - 1) / ROW_BLOCK;
#pragma omp parallel for collapse(2) schedule(static) num_threads(g->threads)
    for (ptrdiff_t n = 0; n < g->batch; ++n)
        for (ptrdiff_t block = 0; block < blocks; ++block) {
            const pixel_map map = to_pixels(theta + 6 * n, g);
            const REAL *source = image + n * g->channels * g->rows * g->columns;
            REAL *target = out + n * g->channels * g->out_rows * g->out_columns;
            const ptrdiff_t end = smaller(g->out_rows, (block + 1) * ROW_BLOCK);
            double xs[CHUNK], ys[CHUNK];
            TYPED(plan) plan;
            for (ptrdiff_t row = block * ROW_BLOCK; row < end; ++row)
                for (ptrdiff_t start = 0; start < g->out_columns; start += CHUNK) {
                    const ptrdiff_t count = smaller(CHUNK, g->out_columns - start);
                    row_coordinates(&map, g, row, start, count, xs, ys);
                    TYPED(make_plan)(&plan, xs, ys, count, g);
                    TYPED(gather)(&plan, source, target + row * g->out_columns + start, count, g);
                }
        }
}

/* theta_grad holds 6 numbers per image and block of rows, for the caller to add up in order. */
API void EXPORTED(affine_theta_grad)(const REAL *image, const double *theta,
                                     const REAL *output_grad, double *theta_grad, const geometry *g)
{
    const ptrdiff_t blocks = (g->out_rows + ROW_BLOCK - 1) / ROW_BLOCK;
    const pixel_map scale = theta_scale(g);
#pragma omp parallel for collapse(2) schedule(static) num_threads(g->threads)
    for (ptrdiff_t n = 0; n < g->batch; ++n)
        for (ptrdiff_t block = 0; block < blocks; ++block) {
            const pixel_map map = to_pixels(theta + 6 * n, g);
            const REAL *source = image + n * g->channels * g->rows * g->columns;
            const REAL *grad = output_grad + n * g->channels * g->out_rows * g->out_columns;
            const ptrdiff_t end = smaller(g->out_rows, (block + 1) * ROW_BLOCK);
            double xs[CHUNK], ys[CHUNK], x_grad[CHUNK], y_grad[CHUNK];
            double sum[6] = {0};
            TYPED(plan) plan;
            for (ptrdiff_t row = block * ROW_BLOCK; row < end; ++row)
                for (ptrdiff_t start = 0; start < g->out_columns; start += CHUNK) {
                    const ptrdiff_t count = smaller(CHUNK, g->out_columns - start);
                    const double below = (double)row - (double)(g->out_rows - 1) / 2;
                    const double left = (double)start - (double)(g->out_columns - 1) / 2;
                    double x_sum = 0, y_sum = 0;
                    row_coordinates(&map, g, row, start, count, xs, ys);
                    TYPED(make_plan)(&plan, xs, ys, count, g);
                    TYPED(slopes)(&plan, source, grad + row * g->out_columns + start, x_grad, y_grad,
                                  count, g);
                    for (ptrdiff_t p = 0; p < count; ++p) {
                        const double right = left + (double)p;
                        x_sum += x_grad[p];
                        y_sum += y_grad[p];
                        sum[0] += x_grad[p] * right;
                        sum[3] += y_grad[p] * right;
                    }
                    sum[1] += x_sum * below;
                    sum[2] += x_sum;
                    sum[4] += y_sum * below;
                    sum[5] += y_sum;
                }
            double *target = theta_grad + 6 * (n * blocks + block);
            for (int k = 0; k < 3; ++k) {
                target[k] = sum[k] * scale.x[k];
                target[3 + k] = sum[3 + k] * scale.y[k];
            }
        }
}

API void EXPORTED(affine_input_grad)(const double *theta, const REAL *output_grad,
                                     REAL *input_grad, const geometry *g)
{
    const ptrdiff_t blocks = (g->channels + CHANNEL_BLOCK - 1) / CHANNEL_BLOCK;
    const ptrdiff_t plane = g->rows * g->columns, out_plane = g->out_rows * g->out_columns;
#pragma omp parallel for collapse(2) schedule(static) num_threads(g->threads)
    for (ptrdiff_t n = 0; n < g->batch; ++n)
        for (ptrdiff_t block = 0; block < blocks; ++block) {
            const pixel_map map = to_pixels(theta + 6 * n, g);
            const ptrdiff_t first = block * CHANNEL_BLOCK;
            const ptrdiff_t channels = smaller(CHANNEL_BLOCK, g->channels - first);
            REAL *target = input_grad + (n * g->channels + first) * plane;
            const REAL *grad = output_grad + (n * g->channels + first) * out_plane;
            double xs[CHUNK], ys[CHUNK];
            TYPED(plan) plan;
            memset(target, 0, (size_t)(channels * plane) * sizeof *target);
            for (ptrdiff_t row = 0; row < g->out_rows; ++row)
                for (ptrdiff_t start = 0; start < g->out_columns; start += CHUNK) {
                    const ptrdiff_t count = smaller(CHUNK, g->out_columns - start);
                    row_coordinates(&map, g, row, start, count, xs, ys);
                    TYPED(make_plan)(&plan, xs, ys, count, g);
                    TYPED(scatter)(&plan, target, grad + row * g->out_columns + start, channels, count,
                                   g);
                }
        }
}
