/* A Modbus TCP device on libmodbus: 100 coils and 100 holding registers, and 100 of each that is only read.
 *
 * modbus_server PORT [WATCHDOG_MS]
 *
 * Each write that it takes is told in a line: function, address, and the value or how many.
 * A write to holding register 200 + N is answered with exception N by libmodbus itself. Holding registers 0-49 are
 * repeated in input registers 0-49, as outputs that are measured. Without a write for WATCHDOG_MS all coils fall. */
#include <errno.h>
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FUNCTION = 7, ADDRESS = 8, VALUE = 10, RAISES = 200, OUTPUTS = 50, SIZE = 100 };

static long long now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static int writes(int function) { return function == 5 || function == 6 || function == 15 || function == 16; }

int main(int argc, char **argv) {
    int port = argc > 1 ? atoi(argv[1]) : 1502, watchdog = argc > 2 ? atoi(argv[2]) : 0;
    modbus_t *device = modbus_new_tcp("127.0.0.1", port);
    modbus_mapping_t *tables = modbus_mapping_new(SIZE, SIZE, SIZE, SIZE);
    int listening = modbus_tcp_listen(device, 8), highest = listening;
    if (listening < 0) {
        fprintf(stderr, "%s\n", modbus_strerror(errno));
        return 1;
    }
    fd_set open;
    FD_ZERO(&open);
    FD_SET(listening, &open);
    long long written = now_ms();
    puts("listens");
    fflush(stdout);
    for (;;) {
        fd_set ready = open;
        struct timeval tick = {0, 10000};
        if (select(highest + 1, &ready, NULL, NULL, watchdog ? &tick : NULL) < 0) return 1;
        if (watchdog && now_ms() - written >= watchdog) memset(tables->tab_bits, 0, SIZE);
        for (int fd = 0; fd <= highest; fd++) {
            if (!FD_ISSET(fd, &ready)) continue;
            if (fd == listening) {
                int client = accept(listening, NULL, NULL);
                if (client < 0) continue;
                FD_SET(client, &open);
                if (client > highest) highest = client;
                continue;
            }
            uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
            modbus_set_socket(device, fd);
            int length = modbus_receive(device, query);
            if (length < 0) {
                close(fd);
                FD_CLR(fd, &open);
                continue;
            }
            int address = query[ADDRESS] << 8 | query[ADDRESS + 1];
            if (writes(query[FUNCTION]) && address > RAISES && address < RAISES + 12) {
                modbus_reply_exception(device, query, address - RAISES);
                continue;
            }
            modbus_reply(device, query, length, tables);
            memcpy(tables->tab_input_registers, tables->tab_registers, OUTPUTS * sizeof(uint16_t));
            if (writes(query[FUNCTION])) {
                written = now_ms();
                printf("%d %d %d\n", query[FUNCTION], address, query[VALUE] << 8 | query[VALUE + 1]);
                fflush(stdout);
            }
        }
    }
}
